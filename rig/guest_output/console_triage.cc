// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/guest_output/console_triage.h"

#include "guest/protocol/protocol.h"

#include <algorithm>
#include <utility>

namespace rig {
namespace {

constexpr std::size_t kContext = 3;  // lines before a headline that are part of its excerpt
constexpr std::size_t kTail = 6;     // lines of tail()
constexpr std::size_t kMaxOpen = 64; // reports in progress at once; a guest has at most 64 CPUs
// Lines read per report; one with the stacks of all CPUs has about 300.
constexpr unsigned kMaxReport = 1000;
constexpr std::size_t kMaxNameLines = 16; // lines into which a task's name can split one record
// A pause of this many seconds ends a report: printk prints a report without pauses.
constexpr double kPause = 2;
// In seconds. Stall reports wait this long for the backtraces of other CPUs (NMI_BACKTRACE).
constexpr double kStallPause = 10;

bool is_oops(SplatKind kind) {
    return kind == SplatKind::Oops || kind == SplatKind::Bug || kind == SplatKind::StackOverflow ||
           kind == SplatKind::DoubleFault || kind == SplatKind::ListCorruption;
}

// Kinds for which the instruction pointer shows the faulting or interrupted code. In reports of
// other kinds it only shows where an interrupt arrived.
bool asks_for_instruction(SplatKind kind) {
    return is_oops(kind) || is_stall(kind) || is_panic(kind);
}

// Kinds whose reports end with a line of their own instead of the end of their call trace.
bool has_end_mark(SplatKind kind) {
    return is_oops(kind) || is_stall(kind) || is_panic(kind) || kind == SplatKind::Warning ||
           kind == SplatKind::Refcount || kind == SplatKind::Kasan || kind == SplatKind::Kfence ||
           kind == SplatKind::Kcsan || kind == SplatKind::Kmsan || kind == SplatKind::Ubsan;
}

// A task's name may contain newlines, which printk prints as they are. Returns whether this record
// contains the text that follows such a name, so that its lines are complete.
bool is_whole(std::string_view text) {
    const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
    return text.starts_with("INFO: task ") ? says(" for more than ")
           : text.starts_with("task:")     ? says(" state:")
           : says(" Comm: ")               ? says("ainted")
                                           : speaks_of_program(text);
}
bool waits_for_more(std::string_view text) {
    return (text.starts_with("INFO: task ") || text.starts_with("task:") ||
            (text.starts_with("CPU: ") && text.find(" Comm: ") != text.npos) ||
            (text.size() <= kMaxTaskName && read_headline(text))) &&
           !is_whole(text);
}

std::string_view without_blanks(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return text;
}

} // namespace

void ConsoleTriage::Report::keep(const std::string& shown) {
    constexpr std::string_view mark = "[...]\n";
    if (!cut && excerpt.size() + shown.size() + 1 + mark.size() <= kMaxExcerpt)
        excerpt += shown + "\n";
    else if (!std::exchange(cut, true))
        excerpt += mark;
}

std::string ConsoleTriage::Report::function() const {
    const auto subject = [&](const std::string& name) {
        return !name.empty() && !is_machinery(head.kind, name);
    };
    if (subject(head.function)) return head.function;
    if (asks_for_instruction(head.kind) && subject(instruction)) return instruction;
    if (!trace.empty()) return trace.front();
    if (!work.empty()) return work;
    return !head.function.empty()            ? head.function
           : asks_for_instruction(head.kind) ? instruction
                                             : "";
}

void ConsoleTriage::feed(std::string_view bytes) {
    lines_.feed(bytes, [this](std::string line) { take(std::move(line)); });
}

void ConsoleTriage::finish() {
    lines_.finish([this](std::string line) { take(std::move(line)); });
    release();
    while (!open_.empty())
        close(open_.begin());
    std::sort(kept_.begin(), kept_.end(),
              [](const Kept& a, const Kept& b) { return a.number < b.number; });
    for (auto& kept : kept_)
        splats_.push_back(std::move(kept.splat));
    kept_.clear();
}

std::string ConsoleTriage::tail() const {
    std::string text;
    for (const auto& line : recent_)
        text += line + "\n";
    return text;
}

// The report that this line belongs to: the one of its caller, or the one for which its caller
// prints a backtrace on request.
ConsoleTriage::Reports::iterator ConsoleTriage::report_of(const ConsoleLine& line) {
    if (const auto lent = lent_.find(line.caller); lent != lent_.end()) {
        if (const auto report = open_.find(lent->second); report != open_.end()) return report;
        lent_.erase(lent);
    }
    return open_.find(line.caller);
}

namespace {
// Messages of kernel_power_off(), kernel_halt() and kernel_restart(), and of the magic SysRq key.
bool is_farewell(std::string_view text) {
    for (const std::string_view words :
         {"reboot: Power down", "reboot: Power off not available", "reboot: System halted",
          "reboot: Restarting system", "sysrq: Resetting", "sysrq: Power Off"})
        if (text.starts_with(words)) return true;
    return false;
}
} // namespace

void ConsoleTriage::take(std::string shown) {
    if (shown.empty()) return;
    any_ = true;
    constexpr std::string_view replay = "** replaying previous printk message **";
    if (const auto at = shown.find(replay); at != shown.npos) {
        // The line that was cut off may lack its newline.
        if (at > 0) take(shown.substr(0, at));
        release();
        replayed_ = true;
        remember(std::string(replay));
        return take(shown.substr(at + replay.size())); // nothing, if printk wrote it
    }
    auto line = parse_console_line(std::move(shown));
    if (programs_.hold(line)) {
        release();
        forget_torn(line);
        return remember(std::move(line.shown));
    }
    if (!held_.empty() && (!line.seconds || line.seconds != held_.front().seconds ||
                           line.caller != held_.front().caller))
        release();
    if (held_.empty() && !(line.seconds && waits_for_more(without_blanks(line.text))))
        return admit(line);
    held_.push_back(std::move(line));
    std::string text, whole;
    for (const auto& one : held_) {
        text += (text.empty() ? "" : " ") + std::string(without_blanks(one.text));
        whole += (whole.empty() ? "" : "\n") + one.shown;
    }
    if (is_whole(text)) {
        ConsoleLine record = std::move(held_.front());
        held_.clear();
        record.text = std::move(text);
        record.shown = std::move(whole);
        admit(record);
    } else if (held_.size() > kMaxNameLines) {
        release();
    }
}

void ConsoleTriage::release() {
    for (const auto& line : std::exchange(held_, {}))
        admit(line);
}

void ConsoleTriage::remember(std::string shown) {
    recent_.push_back(std::move(shown));
    if (recent_.size() > kTail) recent_.pop_front();
}

// printk was interrupted within a line and has printed it again: discard the report that the torn
// line began.
void ConsoleTriage::forget_torn(const ConsoleLine& again) {
    const bool replayed = std::exchange(replayed_, false);
    const auto torn = std::exchange(begun_by_last_, {});
    if (!replayed || !torn || !again.shown.starts_with(torn->shown)) return;
    const auto report = open_.find(again.caller);
    if (report != open_.end() && report->second.number == torn->number) open_.erase(report);
}

void ConsoleTriage::admit(const ConsoleLine& line) {
    forget_torn(line);
    if (line.seconds) {
        stamped_ = true;
        now_ = *line.seconds;
        close_idle();
    }
    // Once the kernel has stamped a line, lines without a time stamp are a program's.
    if (!stamped_ || line.seconds) {
        const auto text = without_blanks(line.text);
        heard_ = heard_ || text == guest::kLastWords;
        asked_to_end_ = asked_to_end_ || is_farewell(text);
        auto report = report_of(line);
        // The stack after this line belongs to an injected fault.
        if (text.starts_with("FAULT_INJECTION: forcing a failure") && report != open_.end()) {
            close(report);
            report = open_.end();
        }
        if (text.starts_with("NMI backtrace for cpu ") && report == open_.end()) {
            // A CPU prints a requested backtrace under its own caller ID.
            report = std::find_if(open_.begin(), open_.end(), [](const auto& entry) {
                return is_stall(entry.second.head.kind);
            });
            if (report != open_.end()) lent_[line.caller] = report->first;
        }
        auto headline = read_headline(text);
        if (headline && report != open_.end() && continues(report->second, *headline))
            headline.reset();
        if (headline) {
            begin(std::move(*headline), line);
        } else if (report != open_.end()) {
            extend(report->second, line);
            if (complete(report->second, text)) close(report);
        }
    }
    remember(line.shown);
}

void ConsoleTriage::close_idle() {
    for (auto report = open_.begin(); report != open_.end();) {
        const auto next = std::next(report);
        if (now_ - report->second.last >
            (is_stall(report->second.head.kind) ? kStallPause : kPause))
            close(report);
        report = next;
    }
}

bool ConsoleTriage::complete(const Report& report, std::string_view text) {
    if (report.lines >= kMaxReport || text.starts_with("---[ end ")) return true;
    if (!report.traced || is_stall(report.head.kind)) return false;
    return text.starts_with(has_end_mark(report.head.kind) ? "=======" : "</TASK>");
}

// Several lines announce one oops: "BUG: unable to handle page fault", "Oops: 0002 [#1]".
bool ConsoleTriage::continues(const Report& report, const Headline& headline) {
    if (is_panic(headline.kind)) return false;
    if (is_oops(report.head.kind) &&
        (headline.kind == SplatKind::Oops || headline.kind == SplatKind::StackOverflow ||
         headline.kind == SplatKind::DoubleFault))
        return true;
    if (report.head.kind == SplatKind::MemoryLeak && headline.kind == SplatKind::MemoryLeak)
        return report.lines <= 1;
    // For example "list_add corruption. ...", then its BUG().
    return report.lines <= 3 && is_oops(report.head.kind) &&
           headline.title.starts_with("kernel BUG at ");
}

void ConsoleTriage::begin(Headline headline, const ConsoleLine& line) {
    lent_.erase(line.caller);
    Report report;
    if (const auto old = open_.find(line.caller); old != open_.end()) {
        if (!old->second.evidence.has_stack() &&
            (is_panic(headline.kind) || is_stall(old->second.head.kind))) {
            report.causes = old->second.causes;
            report.causes.emplace_back(old->second.number, old->second.evidence);
        }
        close(old);
    }
    // A panic makes the preceding splat of its caller fatal.
    if (is_panic(headline.kind)) {
        const auto latest = std::find_if(kept_.rbegin(), kept_.rend(), [&](const Kept& kept) {
            return kept.caller == line.caller && !is_notice(kept.splat.kind);
        });
        if (latest != kept_.rend() && now_ - latest->closed <= kPause) latest->splat.fatal = true;
    }
    if (open_.size() >= kMaxOpen)
        close(std::min_element(open_.begin(), open_.end(), [](const auto& a, const auto& b) {
            return a.second.number < b.second.number;
        }));
    report.evidence = SplatEvidence(headline, line.text);
    report.fatal = is_panic(headline.kind) || headline.kind == SplatKind::DoubleFault;
    report.head = std::move(headline);
    report.number = begun_++;
    report.last = now_;
    report.lines = 1;
    const auto context = std::min(kContext, recent_.size());
    for (auto before = recent_.end() - static_cast<std::ptrdiff_t>(context);
         before != recent_.end(); ++before)
        report.keep(*before);
    report.keep(line.shown);
    const auto at = open_.emplace(line.caller, std::move(report)).first;
    begun_by_last_ = Begun{line.shown, at->second.number};
    if (is_notice(at->second.head.kind)) close(at); // a notice has one line
}

void ConsoleTriage::extend(Report& report, const ConsoleLine& line) {
    report.last = now_;
    report.keep(line.shown);
    const auto text = without_blanks(line.text);
    report.evidence.take(text);
    for (auto& [number, evidence] : report.causes)
        evidence.take(text);
    if (++report.lines == 2 && report.head.title.starts_with("WARNING: at "))
        add_warning_message(report.head, text);
    if (text.starts_with("Call Trace:") || text.starts_with("Call trace:")) {
        // Of several stacks (a stall shows every CPU it suspects) use the first that yields a
        // function.
        report.in_trace = report.trace.empty();
        report.traced = true;
        return;
    }
    if (report.instruction.empty()) report.instruction = instruction_symbol(text);
    if (report.work.empty() && report.head.kind == SplatKind::WorkqueueLockup)
        if (const auto at = text.find("in-flight: "); at != text.npos)
            if (const auto colon = text.find(':', at + 11); colon != text.npos)
                report.work = symbol_in(text.substr(colon + 1));
    // On riscv the stack of an oops follows its registers without a heading: "[<ffffffff80271e70>]
    // lkdtm_EXCEPTION+0x6/0x10". (Elsewhere such a line shows who disabled preemption, or where a
    // lock was taken.)
    if (!report.traced && !report.instruction.empty() && text.starts_with("[<") &&
        !trace_symbol(text).empty())
        report.in_trace = report.traced = true;
    if (!report.in_trace || report.trace.size() >= kMaxTrace) return;
    if (text.starts_with("</TASK>")) report.in_trace = false;
    if (auto symbol = trace_symbol(text);
        !symbol.empty() && !is_machinery(report.head.kind, symbol))
        report.trace.push_back(std::move(symbol));
}

void ConsoleTriage::close(Reports::iterator at) {
    const auto caller = at->first;
    Report report = std::move(at->second);
    for (auto lent = lent_.begin(); lent != lent_.end();)
        lent = lent->second == caller ? lent_.erase(lent) : std::next(lent);
    open_.erase(at);
    for (const auto& [number, evidence] : report.causes)
        for (auto& kept : kept_)
            if (kept.number == number) {
                kept.splat.guilty = evidence.guilty();
                kept.splat.place = evidence.place_of(kept.splat.guilty);
            }
    const auto guilty = report.evidence.guilty();
    record({{report.head.kind, report.head.title, report.function(), std::move(report.trace),
             report.fatal, 1, guilty, report.evidence.place_of(guilty), std::move(report.excerpt)},
            report.number,
            caller,
            report.last});
}

void ConsoleTriage::record(Kept kept) {
    const auto same = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& k) {
        return k.splat.title == kept.splat.title && k.splat.function == kept.splat.function;
    });
    if (same != kept_.end()) {
        kept.splat.count += same->splat.count;
        kept.splat.fatal = kept.splat.fatal || same->splat.fatal;
        // Keep the excerpt of the report that began first, which need not have ended first.
        if (kept.number > same->number) {
            kept.number = same->number;
            kept.splat.excerpt = std::move(same->splat.excerpt);
            kept.splat.trace = std::move(same->splat.trace);
            kept.splat.guilty = std::move(same->splat.guilty);
            kept.splat.place = std::move(same->splat.place);
        }
        kept_.erase(same); // the latest report is last
        kept_.push_back(std::move(kept));
    } else if (kept_.size() < kMaxSplats) {
        kept_.push_back(std::move(kept));
    } else {
        ++overflow_;
        // Keep a panic even if the list is full.
        if (is_panic(kept.splat.kind) &&
            std::none_of(kept_.begin(), kept_.end(),
                         [](const Kept& k) { return is_panic(k.splat.kind); }))
            kept_.back() = std::move(kept);
    }
}

TriagedConsole triage(std::string_view console) {
    ConsoleTriage triage;
    triage.feed(console);
    triage.finish();
    return {triage.splats(), triage.overflow()};
}

} // namespace rig
