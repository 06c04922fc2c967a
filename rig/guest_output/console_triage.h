// SPDX-License-Identifier: GPL-2.0-or-later
// A serial console as evidence: which cries for help does it hold, what is each about, how often?
// Pure, incremental and in bounded memory, whatever a guest prints.
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

inline constexpr std::size_t kMaxSplats = 32; // distinct ones kept of one console
inline constexpr std::size_t kMaxTrace = 8;   // functions kept of a call trace
inline constexpr std::size_t kMaxExcerpt =
    12 * 1024; // bytes, of the first occurrence; a lockdep report has some 10 KiB

struct Splat {
    SplatKind kind = SplatKind::Bug;
    std::string
        title; // the same in every boot: "BUG: sleeping function called from invalid context"
    std::string function;           // what it is about, "" if the console does not tell
    std::vector<std::string> trace; // its call trace, innermost first, without the reporting
                                    // machinery; at most kMaxTrace
    bool fatal = false;             // the kernel went down with it
    unsigned count = 1;             // occurrences: splats with equal title and function are one
    std::string guilty; // the first function that is neither the detector's nor a generic helper,
                        // see guilty_function.h; "" if the console does not tell
    std::optional<CodePlace> place = {}; // in it
    std::string excerpt; // of the first: three lines before it, and its own; at most kMaxExcerpt
};

// Reports of different tasks and CPUs are told apart by printk's caller id (CONFIG_PRINTK_CALLER);
// without it, a report ends where the next one begins.
class ConsoleTriage {
 public:
    ConsoleTriage() = default;
    // `programs`: lines that are not the kernel's, where its log told which.
    explicit ConsoleTriage(ProgramLines programs) : programs_(std::move(programs)) {}

    void feed(std::string_view bytes);
    // End of the console: the last line need not have an end. Nothing may be fed afterwards.
    void finish();

    // After finish(), by first occurrence.
    const std::vector<Splat>& splats() const { return splats_; }
    // Occurrences of further distinct splats that found no room.
    unsigned overflow() const { return overflow_; }
    // The last lines, printable; what a hung guest said last.
    std::string tail() const;
    bool empty() const { return !any_; } // not one printable line
    // The kernel was told to power off, halt or restart, by whomever.
    bool asked_to_end() const { return asked_to_end_; }
    // The agent's last words were there: the kernel's warnings reach this console.
    bool heard() const { return heard_; }

 private:
    // A splat that is still being printed.
    struct Report {
        Headline head;
        unsigned long number = 0; // how many began before
        double last = 0;          // kernel's clock at its last line
        unsigned lines = 0;
        bool fatal = false, cut = false;
        bool in_trace = false, traced = false;
        std::string instruction;        // where the CPU was
        std::string work;               // of a workqueue report: what runs
        std::vector<std::string> trace; // without machinery
        std::string excerpt;
        SplatEvidence evidence;
        // Splats that this one cut off before their stack was printed: it is theirs as well.
        std::vector<std::pair<unsigned long, SplatEvidence>> causes; // by number

        void keep(const std::string& shown);
        std::string function() const;
    };
    using Reports = std::map<std::string, Report, std::less<>>; // by caller
    // A splat that is complete.
    struct Kept {
        Splat splat;
        unsigned long number = 0; // of the first report
        std::string caller;       // of the last one, and
        double closed = 0;        // when that was
    };

    // What the last line began.
    struct Begun {
        std::string shown;
        unsigned long number = 0;
    };

    void take(std::string shown);          // a line
    void admit(const ConsoleLine& record); // one whose parts are joined
    void release();                        // admits held lines as they are
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
    unsigned long begun_ = 0; // reports so far
    double now_ = 0;          // kernel's clock
    std::deque<std::string> recent_;
    std::vector<ConsoleLine> held_; // of one record with a task's name in it that has no end yet
    std::optional<Begun> begun_by_last_;
    bool replayed_ = false; // printk said that it prints the last line again
    Reports open_;
    std::map<std::string, std::string, std::less<>>
        lent_; // callers whose lines belong to another one's report
    std::vector<Kept> kept_;
    std::vector<Splat> splats_; // made by finish()
    unsigned overflow_ = 0;
};

// All at once.
struct TriagedConsole {
    std::vector<Splat> splats;
    unsigned overflow = 0;
};
TriagedConsole triage(std::string_view console);

} // namespace rig
