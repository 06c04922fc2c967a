// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/progress.h"

#include <algorithm>
#include <fmt/format.h>
#include <sstream>

namespace rig {
namespace {

using namespace std::chrono_literals;

// Shorter steps need no line, and logs of short runs stay readable.
constexpr auto quick = 2s;
// A log gets six lines a minute, enough to see that the process is alive.
constexpr auto plain_interval = 10s;
constexpr auto redraw_interval = 100ms; // looks smooth; a build reports far more often
// Narrower than any real terminal: guards against a reported width of 0.
constexpr unsigned min_columns = 20;
constexpr std::size_t max_bar = 24; // in cells; a wider bar shows nothing more
constexpr std::size_t min_bar = 4;

// Texts may come from a build or a guest: their escape sequences must not reach the terminal.
// A line feed is one of them.
std::string harmless(const std::string& text) {
    std::string out = text;
    for (auto& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return out;
}

bool continues(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Counts characters, not bytes, because the width on the terminal is limited. Assumes that there
// are no wide characters.
std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

std::string cut(const std::string& text, std::size_t columns) {
    if (width(text) <= columns) return text;
    auto dots = columns < 4 ? std::string(columns, '.') : std::string("...");
    auto keep = columns - dots.size();
    std::size_t at = 0;
    for (std::size_t shown = 0; at < text.size(); ++at)
        if (!continues(text[at]) && shown++ == keep) break;
    return text.substr(0, at) + dots;
}

std::string minutes(double seconds) {
    auto whole = static_cast<std::uint64_t>(std::min(seconds, 359999.0) + 0.5); // 5999:59 at most
    return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

} // namespace

Progress::Progress(Write write, bool terminal, Now now, unsigned columns)
    : write_(std::move(write)), terminal_(terminal), now_(std::move(now)),
      columns_(std::max(columns, min_columns)) {}

Progress::~Progress() {
    try {
        interrupt();
    } catch (...) {
        // An exception of `write` must not end the program with std::terminate().
    }
}

Progress& Progress::silent() {
    static Progress progress({}, false);
    return progress;
}

void Progress::start(const std::string& what, std::uint64_t total) {
    std::lock_guard lock(mutex_);
    end(true);
    what_ = harmless(what);
    note_.clear();
    total_ = total;
    done_ = 0;
    started_ = drawn_ = now_();
    active_ = true;
    announced_ = false;
    draw(true);
}

void Progress::advance(std::uint64_t done) {
    std::lock_guard lock(mutex_);
    done_ = total_ ? std::min(done, total_) : done;
    draw(false);
}

void Progress::note(const std::string& text) {
    std::lock_guard lock(mutex_);
    note_ = harmless(text);
    draw(false);
}

void Progress::finish() {
    std::lock_guard lock(mutex_);
    end(true);
}

void Progress::interrupt() {
    std::lock_guard lock(mutex_);
    end(false);
}

void Progress::only_say() {
    interrupt();
    std::lock_guard lock(mutex_);
    steps_ = false;
}

void Progress::say(const std::string& text) {
    std::lock_guard lock(mutex_);
    if (!write_) return;
    std::string out = terminal_ && steps_ ? "\r\x1b[K" : "";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        out += harmless(line) + "\n";
    write_(out);
    if (terminal_) draw(true);
}

double Progress::seconds(Clock::time_point now) const {
    return std::chrono::duration<double>(now - started_).count();
}

// Based on the mean speed so far, which is steady for boots and object files, the two things that
// take long here.
std::string Progress::eta(Clock::time_point now) const {
    if (!total_) return minutes(seconds(now));
    if (!done_) return "ETA --:--";
    return "ETA " +
           minutes(seconds(now) * static_cast<double>(total_ - done_) / static_cast<double>(done_));
}

std::string Progress::line(Clock::time_point now) const {
    // A character in the last column makes some terminals wrap.
    auto limit = static_cast<std::size_t>(columns_ - 1);
    auto what = cut(what_, limit / 2);
    std::string figures;
    if (total_) {
        auto percent =
            static_cast<unsigned>(100.0 * static_cast<double>(done_) / static_cast<double>(total_));
        figures = fmt::format("{:3} % {}/{} {}", percent, done_, total_, eta(now));
    } else {
        figures = done_ ? fmt::format("{} {}", done_, eta(now)) : eta(now);
    }
    std::string out = what + " ";
    auto used = width(what) + 1 + width(figures);
    // The bar is dropped before the figures are; the note gets the columns that are left.
    if (total_ && used + min_bar + 3 <= limit) {
        auto cells = std::min(max_bar, std::max(min_bar, (limit - used - 3) / 2));
        auto full = static_cast<std::size_t>(
            static_cast<double>(cells) * static_cast<double>(done_) / static_cast<double>(total_));
        out += "[" + std::string(full, '#') + std::string(cells - full, '-') + "] ";
    }
    out += figures;
    if (!note_.empty() && width(out) + 5 <= limit) out += " " + cut(note_, limit - width(out) - 1);
    return cut(out, limit);
}

void Progress::draw(bool force) {
    if (!active_ || !write_ || !steps_) return;
    auto now = now_();
    if (terminal_) {
        if (!force && announced_ && now - drawn_ < redraw_interval && (!total_ || done_ < total_))
            return;
        write_("\r" + line(now) + "\x1b[K");
    } else {
        if (now - started_ <= quick || (announced_ && now - drawn_ < plain_interval)) return;
        std::string text = what_ + ":";
        if (total_)
            text += fmt::format(" {}/{}", done_, total_);
        else if (done_)
            text += fmt::format(" {}", done_);
        text += total_ ? fmt::format(", {}", eta(now)) : fmt::format(" running for {}", eta(now));
        if (!note_.empty()) text += ", " + note_;
        write_(text + "\n");
    }
    announced_ = true;
    drawn_ = now;
}

void Progress::end(bool finished) {
    if (!active_) return;
    active_ = false;
    if (!write_ || !steps_) return;
    auto now = now_();
    std::string text = terminal_ ? "\r\x1b[K" : "";
    if (now - started_ > quick) {
        text += fmt::format("{}: {} {:.1f} s", what_, finished ? "done in" : "stopped after",
                            seconds(now));
        if (done_ < total_ && !finished) text += fmt::format(" at {}/{}", done_, total_);
        text += "\n";
    }
    if (!text.empty()) write_(text);
}

} // namespace rig
