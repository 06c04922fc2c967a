// SPDX-License-Identifier: GPL-2.0-or-later
// An experiment or suite file: whatever is in it, a spec or one error with its place, never
// anything else.
#include "rig/spec/spec_parser.h"
#include "rig/spec/suite.h"
#include "tests/fuzz/fuzz.h"

#include <regex>

using namespace rig;

namespace {
void check(const Error& error) {
    fuzz::promise(error.fault_domain == FaultDomain::Spec,
                  "an error of another blame than the file's");
    static const std::regex place("^fuzz\\.toml(:\\d+:\\d+)?: ");
    fuzz::promise(std::regex_search(error.message.substr(0, 40), place),
                  "an error without its place");
    fuzz::promise(error.message.find('\n') == std::string::npos, "an error of more than one line");
    fuzz::promise(error.message.size() < 4096, "an endless error");
}
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::view(data, size);
    if (const auto spec = parse_spec(text, "fuzz.toml"); !spec)
        check(spec.error());
    else
        fuzz::promise(!spec->arms.empty(), "a spec without an arm");
    return 0;
}
