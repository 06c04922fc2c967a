// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/spec/experiment_keys.h"

namespace rig {

std::vector<FileKey> key_rows::arm() {
    return {
        {.section = "arm",
         .name = "name",
         .type = KeyType::Text,
         .low = 1,
         .high = 32,
         .required = true,
         .standard = "none (required)",
         .range = "1 to 32 of `a-z 0-9 -`, the first not `-`",
         .example = "name = \"reviewed\"",
         .text = R"(The name of the arm in reports, file names and `--arm`. Unique in the file.)"},
        {.section = "arm",
         .name = "series",
         .type = KeyType::Texts,
         .shape = "array of series folders",
         .low = 0,
         .high = 64,
         .standard = "empty",
         .range = "0 to 64",
         .example = "series = [\"kernel-patches/6.12/reviewed\"]",
         .text =
             R"(
The patches of this arm, applied in order after `kernel.prerequisites`. Refused with a
prebuilt source.)"},
        {.section = "arm",
         .name = "revision",
         .type = KeyType::Text,
         .low = 1,
         .high = 200,
         .standard = "`kernel.source.revision`",
         .range = "as `kernel.source.revision`",
         .example = "revision = \"my-branch\"",
         .text = R"(The git revision of this arm. Requires a git source.)"},
        {.section = "arm",
         .name = "marker",
         .type = KeyType::Text,
         .low = 0,
         .high = 128,
         .standard = "none",
         .range = "a kernel function",
         .example = "marker = \"synchronize_rcu\"",
         .text =
             R"(
A function that only this arm's version of the changed code calls, once in each hit of
the target. The [validity checks](validity-checks.md#witness_hits) count its calls to show
that the changed code ran. It is required under the wall clock, for prebuilt images and with
`target.lines = "off"`, where the changed lines are not counted. With `target.same_path`
or `target.revisions` it is not permitted. Either every arm has one or none has; an empty
text means none.)"},
        {.section = "arm",
         .name = "splat",
         .type = KeyType::Text,
         .low = 4,
         .high = 128,
         .standard = "none",
         .range = "4 to 128 characters, no blanks at either end",
         .example = "splat = \"sleeping function called from invalid context\"",
         .text =
             R"(
For an arm that is broken on purpose (a control). Every boot of the arm must produce a
kernel splat with this text in its title, function or call trace. A boot without it
fails the run. What splats after it in the same boot does not count. Refused with
`target.revisions`.

It also permits a known WARN that the kernel prints in every boot: set it in every arm.
There is no key for a splat that appears only in some boots.)"},
        {.section = "arm",
         .name = "config_differs",
         .type = KeyType::Texts,
         .low = 0,
         .high = 512,
         .standard = "empty",
         .range = "0 to 512 option names, or `\"*\"`",
         .example = "config_differs = [\"DEBUG_VM\"]",
         .text =
             R"(
Options, without `CONFIG_`, in which this kernel may differ from the baseline's. `"*"`
allows any difference. Without it a difference fails the check
[`same_config`](validity-checks.md#same_config).)"},
        {.section = "arm",
         .name = "cmdline",
         .type = KeyType::Text,
         .low = 0,
         .high = 1024,
         .standard = "empty",
         .range = "at most 1024 bytes; no console parameters (see below)",
         .example = "cmdline = \"nohz_full=3\"",
         .text =
             R"(
Kernel parameters of this arm, appended after `guest.extra_cmdline`. The same words are
refused as there. The report warns if arms boot with different command lines.)"},
        {.section = "arm",
         .name = "options",
         .type = KeyType::Table,
         .low = 0,
         .high = 512,
         .standard = "empty",
         .range = "as `[kernel.options]`, at most 512",
         .example = "options = { DEBUG_VM = \"y\" }",
         .text =
             R"(
Kernel options of this arm, applied after `kernel.options`. The table `[arm.options]`
belongs to the `[[arm]]` above it:

```toml
[[arm]]
name = "debug"
marker = "new_helper"
[arm.options]
DEBUG_VM = "y"
```

rig verifies them in the final `.config`, when it builds the kernel and again with the
check [`arm_options`](validity-checks.md#arm_options). Another option is another
kernel with another cache key; the object tree is the shared one, in which Kbuild
compiles only what the option changes. An option that an arm sets, or that the baseline
sets, counts as named in `config_differs`. What Kconfig changes as a consequence does
not: name that in `config_differs`. The report shows the options beside the kernel, and
warns that the patch is not all that differs. Refused with a prebuilt source.)"},
        {.section = "arm",
         .name = "bzimage",
         .type = KeyType::Text,
         .shape = "path of a file",
         .standard = "none (required with a prebuilt source)",
         .range = "an existing file",
         .example = "bzimage = \"/srv/build/arch/x86/boot/bzImage\"",
         .text = R"(The image to boot. With a prebuilt source only.)"},
        {.section = "arm",
         .name = "system_map",
         .type = KeyType::Text,
         .shape = "path of a file",
         .standard = "none",
         .range = "an existing file",
         .example = "system_map = \"/srv/build/System.map\"",
         .text =
             R"(The `System.map` of `bzimage`. A prebuilt arm needs `system_map` or `vmlinux`.)"},
        {.section = "arm",
         .name = "vmlinux",
         .type = KeyType::Text,
         .shape = "path of a file",
         .standard = "none",
         .range = "an existing file",
         .example = "vmlinux = \"/srv/build/vmlinux\"",
         .text =
             R"(
The `vmlinux` of `bzimage`. rig reads its symbols with `nm` if there is no `system_map`.)"},
        {.section = "arm",
         .name = "config",
         .type = KeyType::Text,
         .shape = "path of a file",
         .standard = "none",
         .range = "an existing file",
         .example = "config = \"/srv/build/.config\"",
         .text = R"(The `.config` with which `bzimage` was built. Without it the checks `config`,
`own_config` and `same_config` fail.)"},
        {.section = "arm.options",
         .name = "NAME",
         .type = KeyType::Scalar,
         .standard = "none",
         .range = "as in `[kernel.options]`",
         .example = "DEBUG_VM = \"y\"",
         .text = R"(The value of the option in this arm.)"},
    };
}

} // namespace rig
