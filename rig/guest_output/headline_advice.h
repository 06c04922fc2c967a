// SPDX-License-Identifier: GPL-2.0-or-later
// Data: lines that look like a kernel splat and are none.
#pragma once

#include <string_view>

namespace rig {

// Lines with "WARNING: " that give advice on the configuration and report no fault.
inline constexpr std::string_view kAdvice[] = {"WARNING: 'bootconfig' found",
                                               "WARNING: polling idle and HT enabled",
                                               "WARNING: Flushing system-wide",
                                               "WARNING: kernel not compiled with",
                                               "WARNING: Spectre",
                                               "WARNING: Unprivileged eBPF",
                                               "WARNING: See https://kernel.org/doc",
                                               "WARNING: The mand mount option",
                                               "WARNING: the mand mount option",
                                               "WARNING: fbcon: Driver ",
                                               "WARNING: workqueue cpumask:",
                                               "WARNING: `", // a program that uses an old interface
                                               "WARNING: /", // a program that misses a file
                                               "WARNING: Absolute relocations present",
                                               "WARNING: Ancient bootloader",
                                               "WARNING: BIOS bug: ",
                                               "WARNING: BTB untrained return thunk",
                                               "WARNING: CPU does not support IBPB",
                                               "WARNING: Forcing PAE in CPU flags",
                                               "WARNING: IBRS mitigation selected",
                                               "WARNING: ITS mitigation ",
                                               "WARNING: LFENCE mitigation is not recommended",
                                               "WARNING: Missing the following errata",
                                               "WARNING: PAE disabled",
                                               "WARNING: Requested queue_map_",
                                               "WARNING: SMP operation may be unreliable",
                                               "WARNING: This combination of AMD",
                                               "WARNING: bogus zero IO-APIC address",
                                               "WARNING: mapping ",
                                               "WARNING: retbleed=stuff depends on",
                                               "WARNING: x1-x3 nonzero in violation"};

} // namespace rig
