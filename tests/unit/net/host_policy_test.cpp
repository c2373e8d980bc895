#include "net/host_policy.hpp"

#include <gtest/gtest.h>

namespace fanfetch {
namespace {

TEST(HostPolicy, Ssrf04LocalhostAndBelowIsLoopback) {
    for (const char* host : {"localhost", "localhost.", "a.localhost", "a.b.localhost."}) {
        EXPECT_EQ(classify_host(host), host_class::loopback) << host;
    }
    for (const char* host :
         {"localhost.example.com", "notlocalhost.test", "local.host", "a.notlocalhost"}) {
        EXPECT_EQ(classify_host(host), host_class::ordinary) << host;
    }
}

TEST(HostPolicy, Ssrf04MetadataNamesAreMetadata) {
    for (const char* host :
         {"metadata.google.internal", "metadata.google.internal.", "x.metadata.google.internal",
          "metadata", "instance-data", "metadata.goog", "instance-data.ec2.internal"}) {
        EXPECT_EQ(classify_host(host), host_class::metadata) << host;
    }
    EXPECT_EQ(classify_host("metadata.example.com"), host_class::ordinary);
    EXPECT_EQ(classify_host("mymetadata.goog"), host_class::ordinary);
}

TEST(HostPolicy, Ssrf04SingleLabelsAreToldApart) {
    EXPECT_EQ(classify_host("intranet"), host_class::single_label);
    EXPECT_EQ(classify_host("intranet."), host_class::single_label);
    EXPECT_EQ(classify_host("intranet.test"), host_class::ordinary);
}

TEST(HostPolicy, Ssrf02NumbersAreNoNames) {
    for (const char* host :
         {"", ".", "127.1", "2130706433", "0x7f000001", "127.0.0.1.", "a.0x7f", "a.1", "a..",
          ".a"}) {
        EXPECT_EQ(classify_host(host), host_class::impossible) << host;
    }
}

}  // namespace
}  // namespace fanfetch
