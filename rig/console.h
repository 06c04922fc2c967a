// The serial console as evidence: does it hold a kernel's cry for help? Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rig {

struct Splat {
    std::string title;   // the line that starts it, without time stamp: "BUG: sleeping function called from ..."
    std::string excerpt; // that line and up to 20 after it
    bool fatal = false;  // the kernel went down: panic
};

// The first splat, a panic before anything else; nullopt for a clean console. Escape codes and bytes that are not text
// are dropped.
std::optional<Splat> find_splat(std::string_view console);

} // namespace rig
