#include "actor/alarm.hpp"

#include "notes.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <memory>
#include <string>
#include <utility>

namespace fanfetch {
namespace {

using namespace std::chrono_literals;
using detail::Alarm;
using detail::AlarmEntry;
using testing::Lines;
using testing::Notes;

class Noted final : public AlarmEntry {
public:
    Noted(Notes& notes, std::string name) : notes_{notes}, name_{std::move(name)} {}
    void due() noexcept override { notes_.add(name_ + " due"); }
    void closed() noexcept override { notes_.add(name_ + " closed"); }
    [[nodiscard]] bool stale() const noexcept override { return name_ == "stale"; }

private:
    Notes& notes_;
    std::string name_;
};

void add(Alarm& alarm, const Deadline& deadline, Notes& notes, std::string name) {
    alarm.add(alarm.reserve(deadline), std::make_unique<Noted>(notes, std::move(name)));
}

TEST(Alarm, CallsWhatIsDueInOrderAndTheRestWhenItIsClosed) {
    Notes notes;
    std::latch all_added{1};
    Alarm alarm{[&all_added] { all_added.wait(); }};
    const auto now = Steady::now();

    add(alarm, std::nullopt, notes, "never");
    add(alarm, now + 2ms, notes, "second");
    add(alarm, now + 1ms, notes, "first");
    const auto removed = alarm.reserve(now + 1h);
    alarm.add(removed, std::make_unique<Noted>(notes, "removed"));
    alarm.remove(removed);
    all_added.count_down();
    EXPECT_EQ(notes.await(2), (Lines{"first due", "second due"}));
    alarm.close();
    add(alarm, now, notes, "late");
    alarm.join();

    EXPECT_EQ(notes.await(4), (Lines{"first due", "second due", "never closed", "late closed"}));
}

TEST(Alarm, DoesNotGrowWithEntriesNobodyIsInterestedIn) {
    Notes notes;
    Alarm alarm{[] {}};

    for (int count = 0; count < 1'000; ++count) {
        add(alarm, std::nullopt, notes, "stale");
    }

    EXPECT_LT(alarm.entries(), 100U);
    alarm.close();
}

}  // namespace
}  // namespace fanfetch
