// SPDX-License-Identifier: GPL-2.0-or-later
// Finds kernel splats in a serial console log: kind, function, count. Pure and incremental, with
// bounded memory whatever the guest prints.
#pragma once

#include "rig/guest_output/console_line.h"
#include "rig/guest_output/kernel_words.h"
#include "rig/guest_output/splat.h"
#include "rig/guest_output/splat_evidence.h"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rig {

inline constexpr std::size_t kMaxSplats = 32; // distinct splats kept per console
inline constexpr std::size_t kMaxTrace = 8;   // functions kept of a call trace
// In bytes, of the first occurrence. A lockdep report is about 10 KiB long.
inline constexpr std::size_t kMaxExcerpt = 12 * 1024;

struct Splat {
    SplatKind kind = SplatKind::Bug;
    // The same in every boot: "BUG: sleeping function called from invalid context".
    std::string title;
    // The function that the splat is about; "" if the console does not show it.
    std::string function;
    // The call trace, innermost function first, without the reporting functions; at most kMaxTrace.
    std::vector<std::string> trace;
    bool fatal = false; // the kernel died of it
    unsigned count = 1; // occurrences; splats with equal title and function are one splat
    // The first function that belongs neither to the detector nor to a generic helper, see
    // guilty_function.h; "" if the console does not show it.
    std::string guilty;
    // The address within `guilty`.
    std::optional<CodePlace> place = {};
    // The lines of the first occurrence and the three lines before it; at most kMaxExcerpt.
    std::string excerpt;
};

// Separates reports of different tasks and CPUs by printk's caller ID (CONFIG_PRINTK_CALLER).
// Without caller IDs a report ends where the next one begins.
class ConsoleTriage {
 public:
    ConsoleTriage() = default;
    // `programs` are lines that a program wrote, if the kernel log identified them.
    explicit ConsoleTriage(ProgramLines programs) : programs_(std::move(programs)) {}

    void feed(std::string_view bytes);
    // Marks the end of the console; the last line need not have a newline. Do not call feed()
    // afterwards.
    void finish();

    // Ordered by first occurrence. Valid after finish().
    const std::vector<Splat>& splats() const { return splats_; }
    // Occurrences of distinct splats beyond kMaxSplats.
    unsigned overflow() const { return overflow_; }
    // The last lines, printable. For a hung guest: its last messages.
    std::string tail() const;
    bool empty() const { return !any_; } // no printable line was found
    // Whether anyone requested a power-off, halt or restart of the kernel.
    bool asked_to_end() const { return asked_to_end_; }
    // Whether the agent's last message arrived: then the kernel's warnings reach this console.
    bool heard() const { return heard_; }

 private:
    // A splat whose report is not complete yet.
    struct Report {
        Headline head;
        unsigned long number = 0; // of reports that began earlier
        double last = 0;          // kernel time of its last line, in seconds
        unsigned lines = 0;
        bool fatal = false, cut = false;
        bool in_trace = false, traced = false;
        std::string instruction;        // the CPU's instruction pointer
        std::string work;               // in a workqueue report: the function that runs
        std::vector<std::string> trace; // without reporting functions
        std::string excerpt;
        SplatEvidence evidence;
        // Splats that this one cut off before their stack was printed: this stack is theirs too.
        std::vector<std::pair<unsigned long, SplatEvidence>> causes; // key: report number

        void keep(const std::string& shown);
        std::string function() const;
    };
    using Reports = std::map<std::string, Report, std::less<>>; // key: caller
    // A splat whose report is complete.
    struct Kept {
        Splat splat;
        unsigned long number = 0; // number of the first report
        // Caller of the last report, and kernel time at which that report ended.
        std::string caller;
        double closed = 0;
    };

    // The report that the last line began.
    struct Begun {
        std::string shown;
        unsigned long number = 0;
    };

    void take(std::string shown);          // one line
    void admit(const ConsoleLine& record); // one record whose lines are already joined
    void release();                        // admits the held lines one by one
    void forget_torn(const ConsoleLine& again);
    void remember(std::string shown);
    void begin(Headline headline, const ConsoleLine& line);
    void extend(Report& report, const ConsoleLine& line);
    Reports::iterator report_of(const ConsoleLine& line);
    static bool continues(const Report& report, const Headline& headline);
    static bool complete(const Report& report, std::string_view text);
    void close_idle();
    void close(Reports::iterator report);
    void record(Kept splat);

    ConsoleLines lines_;
    ProgramLines programs_;
    bool stamped_ = false, any_ = false, heard_ = false, asked_to_end_ = false;
    unsigned long begun_ = 0; // reports begun so far
    double now_ = 0;          // kernel time in seconds
    std::deque<std::string> recent_;
    std::vector<ConsoleLine> held_; // lines of an incomplete record that contains a task's name
    std::optional<Begun> begun_by_last_;
    bool replayed_ = false; // printk announced that it repeats the last line
    Reports open_;
    // Callers whose lines belong to the report of another caller (the value).
    std::map<std::string, std::string, std::less<>> lent_;
    std::vector<Kept> kept_;
    std::vector<Splat> splats_; // filled by finish()
    unsigned overflow_ = 0;
};

// Triages a whole console at once.
struct TriagedConsole {
    std::vector<Splat> splats;
    unsigned overflow = 0;
};
TriagedConsole triage(std::string_view console);

} // namespace rig
