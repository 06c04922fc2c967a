// SPDX-License-Identifier: GPL-2.0-or-later
// Progress on anything that takes more than two seconds. A terminal gets one line with a bar and an
// ETA, redrawn in place; anything else gets a plain line once a step has lasted two seconds, then
// at most one every ten seconds, and one when it ends. A step shorter than two seconds leaves no
// line behind.
//
// There is no timer: time is looked at when a member is called, so a long step should call
// advance() or note() now and then. Members may be called from any thread. Control characters in
// texts are shown as '?'.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace rig {

class Progress {
 public:
    using Clock = std::chrono::steady_clock;
    using Now = std::function<Clock::time_point()>;
    using Write = std::function<void(const std::string&)>;

    // `write` gets text to be put out as it is (with \r and escapes when `terminal`). The line on a
    // terminal is kept shorter than `columns`, so that it never wraps.
    Progress(Write write, bool terminal, Now now = Clock::now, unsigned columns = 80);
    ~Progress(); // as interrupt()
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Starts a step. `total` is in any unit; 0 = unknown, which shows elapsed time in place of an
    // ETA.
    void start(const std::string& what, std::uint64_t total = 0);
    void
    advance(std::uint64_t done); // absolute, not an increment; more than total is shown as total
    void note(const std::string& text); // short text behind the bar ("boot 3/16 reviewed seed 2")
    void finish();    // prints "what: done in 12.3 s"; also called by start() of the next step
    void interrupt(); // ends the line without claiming it is done
    void say(const std::string& text); // a whole line between the steps' own: a warning
    void only_say();                   // from now on nothing but say() is shown: for --quiet

    static Progress& silent(); // for tests

 private:
    void draw(bool force);
    void end(const char* how);
    std::string line(Clock::time_point now) const;
    std::string eta(Clock::time_point now) const;
    double seconds(Clock::time_point now) const;
    std::mutex mutex_;
    Write write_;
    bool terminal_, steps_ = true;
    Now now_;
    unsigned columns_;
    std::string what_, note_;
    std::uint64_t total_ = 0, done_ = 0;
    Clock::time_point started_{}, drawn_{};
    bool active_ = false, announced_ = false;
};

} // namespace rig
