// SPDX-License-Identifier: GPL-2.0-or-later
// Shows progress of anything that takes more than two seconds. A terminal gets one line with a bar
// and an ETA, redrawn in place. Any other output gets a plain line once a step has lasted two
// seconds, then at most one every ten seconds, and one when the step ends. A step shorter than two
// seconds leaves no line.
//
// There is no timer: the time is checked only when a member is called, so a long step should call
// advance() or note() now and then. Members may be called from any thread. Control characters in
// texts are shown as '?', except line feeds in say().
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

    // `write` prints its text unchanged (with \r and escapes if `terminal`). The line on a terminal
    // is kept shorter than `columns`, so that it never wraps.
    Progress(Write write, bool terminal, Now now = Clock::now, unsigned columns = 80);
    ~Progress(); // like interrupt()
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // Starts a step. `total` is in any unit; 0 = unknown: the line then shows the elapsed time
    // instead of an ETA.
    void start(const std::string& what, std::uint64_t total = 0);
    // `done` is absolute, not an increment. More than the total is shown as the total.
    void advance(std::uint64_t done);
    void note(const std::string& text); // short text after the bar ("boot 3/16 reviewed seed 2")
    void finish();    // prints "what: done in 12.3 s"; also called by start() of the next step
    void interrupt(); // ends the line without reporting the step as done
    void say(const std::string& text); // prints whole lines of their own, such as a warning
    void only_say();                   // from now on only say() prints anything: for --quiet

    static Progress& silent(); // for tests

 private:
    void draw(bool force);
    void end(bool finished);
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
