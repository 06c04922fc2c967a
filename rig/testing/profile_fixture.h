// SPDX-License-Identifier: GPL-2.0-or-later
// Made-up profiles: what the plugin would have left in its file, and profiles of boots.
#pragma once

#include "plugin/profile_file.h"
#include "rig/analysis/profile_change.h"
#include "rig/profile/profile_file.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace rig::fixture {

inline ProfileLayout profile_layout_of_three() {
    ProfileLayout layout;
    layout.functions = {{"alpha", 0xffffffff81000000, 0x40},
                        {"helper", 0xffffffff81000040, 0x10},
                        {"helper", 0xffffffff81000080, 0x10}}; // static, in two files
    layout.programs.names = {"/init", "/bin/perf"};
    layout.programs.pages = {{17, 0}, {18, 1}, {19, kSharedPage}};
    layout.stamp_at = 0xffffffff81000000;
    layout.stamps = 8;
    return layout;
}

// The file of this layout as a plugin leaves it, on which the test then writes.
class ProfileBytes {
 public:
    explicit ProfileBytes(const ProfileLayout& layout)
        : functions_(layout.functions.size()), programs_(layout.programs.names.size()) {
        const auto image = profile_image(layout).value();
        bytes = image.head;
        bytes.resize(image.bytes, '\0');
        std::memcpy(&header, bytes.data(), sizeof header);
        header.plugin_api = 1;
        header.threads = 1;
        header.blocks = 9;
        header.marks[RIG_WINDOW_COUNT_PASS] = header.marks[RIG_WINDOW_LATENCY_PASS] = 1;
        header.marks[RIG_WINDOW_REST] = 2;
        save();
    }
    void save() { std::memcpy(bytes.data(), &header, sizeof header); }
    void function(std::size_t i, unsigned window, std::uint64_t instructions, std::uint64_t calls) {
        put(cell(i, window, RIG_PROFILE_INSTRUCTIONS), instructions);
        put(cell(i, window, RIG_PROFILE_CALLS), calls);
    }
    void program(std::size_t i, unsigned window, std::uint64_t instructions) {
        put(cell(functions_ + i, window, RIG_PROFILE_INSTRUCTIONS), instructions);
    }
    void other(std::size_t i, unsigned window, std::uint64_t instructions) {
        put(cell(functions_ + programs_ + i, window, RIG_PROFILE_INSTRUCTIONS), instructions);
    }
    // As the plugin does it.
    void stamp(std::uint64_t total) {
        put(std::uint64_t{RIG_WINDOWS} * RIG_PROFILE_KINDS * cells() + header.stamped++, total);
        save();
    }

    std::string bytes;
    rig_profile_header header{};

 private:
    std::size_t cells() const { return functions_ + programs_ + RIG_PROFILE_OTHERS; }
    std::size_t cell(std::size_t i, std::size_t window, std::size_t kind) const {
        return (window * RIG_PROFILE_KINDS + kind) * cells() + i;
    }
    void put(std::size_t number, std::uint64_t value) {
        std::memcpy(bytes.data() + header.counters_at + number * sizeof value, &value,
                    sizeof value);
    }
    std::size_t functions_, programs_;
};

// A row that ran in the count pass only.
inline ProfileRow counted_row(std::string name, std::uint64_t instructions, std::uint64_t calls,
                              CodeKind kind = CodeKind::Function) {
    ProfileRow row{kind, std::move(name)};
    row.instructions[RIG_WINDOW_COUNT_PASS] = instructions;
    row.calls[RIG_WINDOW_COUNT_PASS] = calls;
    return row;
}

inline Profile profile_with(std::vector<ProfileRow> rows) {
    Profile profile;
    profile.exact = profile.windows_complete = true;
    profile.functions_ran = profile.functions_entered = rows.size();
    profile.rows = std::move(rows);
    return profile;
}

} // namespace rig::fixture
