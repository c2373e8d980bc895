#include "cli/get.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace fanfetch {

void add_get_options(CLI::App& verb, GetOptions& options) {
    verb.add_option("url", options.urls, "What to fetch");
    verb.add_option(
        "-i,--input", options.input,
        "File with one URL a line, # begins a comment; - is standard input"
    );
    verb.add_option(
        "-o,--output", options.directory,
        "Directory for the files, made if need be; by default the current one. Files of the same "
        "names are replaced"
    );
    verb.add_option(
        "--warc", options.warc,
        "Write every response into a WARC file; without -o, into nothing else"
    );
    verb.add_option(
            "--concurrency", options.concurrency, "Requests in flight; more than 1000 count as 1000"
    )
        ->capture_default_str();
    verb.add_option("--per-host", options.per_host, "The same for one host; by default no less");
    verb.add_option("--timeout", options.timeout, "Time limit of one attempt, e.g. 30s, 5m")
        ->capture_default_str();
    verb.add_option("--retries", options.retries, "How often a failed URL is tried again")
        ->capture_default_str();
    verb.add_option("--header", options.headers, "\"Name: value\" to send; may be repeated")
        ->allow_extra_args(false);
    verb.add_option(
        "--ca-file", options.ca_file, "PEM file of trusted certificates instead of the system's"
    );
    verb.add_option(
        "--proxy", options.proxy,
        "http://host:port or http://user:password@host:port to fetch through; else none is used, "
        "whatever the environment says"
    );
    verb.add_option(
            "--proxy-resolve", options.proxy_resolve,
            "Who resolves names when there is a proxy: local (we, and judge the addresses) or proxy"
    )
        ->check(CLI::IsMember(std::vector<std::string>{"local", "proxy"}));
    verb.add_option(
            "--resolver", options.resolver,
            "Who is asked for names: cares (the name servers) or system (the C library, which has "
            "/etc/hosts)"
    )
        ->check(CLI::IsMember(std::vector<std::string>{"cares", "system"}))
        ->capture_default_str();
    verb.add_flag(
        "--public-only", options.public_only, "Refuse private addresses: for lists from strangers"
    );
    verb.add_flag("--json", options.json, "One JSON object for each URL, and one as a summary");
    verb.add_flag("--quiet", options.quiet, "Say nothing but what failed");
}

}  // namespace fanfetch
