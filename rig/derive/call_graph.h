// SPDX-License-Identifier: GPL-2.0-or-later
// Who calls whom in a linked kernel: its direct calls and jumps, as objdump disassembles them.
//
// Calls through pointers are not in it. What can be known of those: of which functions the address
// is taken, in code or in data.
#pragma once

#include "rig/arch/arch.h"
#include "rig/base/error.h"
#include "rig/host/command_runner.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rig {

// A function of the source: of what the compiler made of it, such as foo.isra.0, foo.part.1 or
// foo.cold, the part before the first dot. Pure.
std::string_view source_name(std::string_view symbol);

class CallGraph {
 public:
    using Node = std::uint32_t;
    struct Function {
        std::uint64_t address = 0, size = 0;
        std::vector<std::string> names;     // of one address, in the order of the symbol table
        std::string file;                   // of a static function, without folder: "mmu_gather.c"
        bool address_taken = false;         // it may be called through a pointer
        bool initcall = false;              // it is called once, at boot
        bool init = false;                  // in memory that is freed after boot
        std::vector<Node> callees, callers; // each once, ascending
    };

    // Reads the symbols of `vmlinux` and what objdump prints of it. FaultDomain::Host if objdump
    // fails or the file is no ELF file with symbols.
    static Result<CallGraph> read(const std::filesystem::path& vmlinux, const Arch& arch,
                                  CommandRunner& runner);

    const std::vector<Function>& functions() const { return functions_; }
    const Function& at(Node node) const { return functions_[node]; }
    const std::string& name(Node node) const { return functions_[node].names.front(); }
    // All functions that the compiler made of this function of the source. `file` ("mm/vmstat.c";
    // empty: any) leaves out static functions of other files.
    std::vector<Node> named(std::string_view function, std::string_view file = {}) const;

 private:
    friend class CallGraphReader;
    std::vector<Function> functions_; // by address
    std::multimap<std::string, Node, std::less<>> by_source_name_;
};

} // namespace rig
