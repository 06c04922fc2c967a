// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/arch/arch.h"
#include "rig/spec/experiment_keys.h"

namespace rig {
namespace {

std::vector<std::string> arch_names() {
    std::vector<std::string> names;
    for (const auto* arch : all_archs())
        names.push_back(arch->name);
    return names;
}

} // namespace

std::vector<FileKey> key_rows::top_level() {
    return {
        {.section = "",
         .name = "name",
         .type = KeyType::Text,
         .low = 1,
         .high = 64,
         .required = true,
         .standard = "none (required)",
         .range = "1 to 64 letters, digits, `-`, `_` or `.`",
         .example = "name = \"my-patch\"",
         .text =
             R"(
The name of the experiment. The first character is a letter or digit. It is a part of
every run ID and of the row in the index.)"},
        {.section = "",
         .name = "description",
         .type = KeyType::Text,
         .low = 0,
         .high = 1000,
         .standard = "empty",
         .range = "at most 1000 bytes",
         .example = "description = \"Does my patch avoid the IPIs?\"",
         .text = R"(The first line of the report.)"},
        {.section = "",
         .name = "kernel",
         .type = KeyType::Table,
         .required = true,
         .standard = "none (required)",
         .range = "the keys of `[kernel]`",
         .example = "[kernel]",
         .text = R"(What is built.)"},
        {.section = "",
         .name = "arm",
         .type = KeyType::Tables,
         .low = 1,
         .high = 16,
         .required = true,
         .standard = "none (required)",
         .range = "1 to 16 arms",
         .example = "[[arm]]",
         .text =
             R"(
The kernels to compare, one table `[[arm]]` each. `rig compare` needs at least two.)"},
        {.section = "",
         .name = "guest",
         .type = KeyType::Table,
         .standard = "all defaults",
         .range = "the keys of `[guest]`",
         .example = "[guest]",
         .text = R"(The virtual machine and the number of boots.)"},
        {.section = "",
         .name = "workload",
         .type = KeyType::Table,
         .standard = "all defaults",
         .range = "the keys of `[workload]`",
         .example = "[workload]",
         .text = R"(What the guest does while it is measured.)"},
        {.section = "",
         .name = "background",
         .type = KeyType::Tables,
         .low = 0,
         .high = 8,
         .standard = "none",
         .range = "0 to 8 commands",
         .example = "[[background]]",
         .text =
             R"(
Commands that run next to the workload. Refused with the workloads `exit` and `command`:
their processes could not be distinguished from the workload's.)"},
        {.section = "",
         .name = "image",
         .type = KeyType::Table,
         .standard = "all defaults",
         .range = "the keys of `[image]`",
         .example = "[image]",
         .text = R"(What the initramfs contains besides the agent, perf and busybox.)"},
        {.section = "",
         .name = "fault",
         .type = KeyType::OneOrMore,
         .high = 8,
         .standard = "all defaults",
         .range = "the keys of `[fault]`, at most 8 tables",
         .example = "[fault]",
         .text =
             R"(
What is made to fail. The defaults fail page allocations, also if the table is missing.)"},
        {.section = "",
         .name = "target",
         .type = KeyType::Table,
         .standard = "all defaults",
         .range = "the keys of `[target]`",
         .example = "[target]",
         .text = R"(The code under test.)"},
        {.section = "",
         .name = "requires",
         .type = KeyType::Table,
         .standard = "nothing",
         .range = "the keys of `[requires]`",
         .example = "[requires]",
         .text = R"(What the guest must have for the experiment to mean anything.)"},
        {.section = "",
         .name = "metrics",
         .type = KeyType::Table,
         .low = 0,
         .high = 48,
         .standard = "no expectation",
         .range = "at most 48 metrics",
         .example = "[metrics.sync_ipis]",
         .text = R"(What you expect of each metric, and metrics of your own.)"},
    };
}

std::vector<FileKey> key_rows::kernel() {
    return {
        {.section = "kernel",
         .name = "source",
         .type = KeyType::Table,
         .required = true,
         .standard = "none (required)",
         .range = "the keys of `[kernel.source]`",
         .example = "source = { distro = \"linux-source-6.12\" }",
         .text = R"(Where the kernel source comes from.)"},
        {.section = "kernel",
         .name = "arch",
         .type = KeyType::Text,
         .choices = arch_names(),
         .standard = "`\"x86_64\"`",
         .example = "arch = \"arm64\"",
         .text = R"(The architecture of the guest. For arm64 and riscv64 kernel, perf and agent are
cross-compiled. See [arm64 and riscv64](../how-to/arm64-and-riscv64.md).)"},
        {.section = "kernel",
         .name = "prerequisites",
         .type = KeyType::Texts,
         .shape = "array of series folders",
         .low = 0,
         .high = 64,
         .standard = "empty",
         .range = "0 to 64",
         .example = "prerequisites = [\"kernel-patches/6.12/enable\"]",
         .text =
             R"(
Patches that every arm gets first, for example to make the code under test reachable.
The report lists them as prerequisite patches, separate from the patches under test.
Refused with a prebuilt source.)"},
        {.section = "kernel",
         .name = "fragments",
         .type = KeyType::Texts,
         .shape = "array of files",
         .low = 0,
         .high = 64,
         .standard = "empty",
         .range = "0 to 64",
         .example = "fragments = [\"configs/kernel/base.config\"]",
         .text =
             R"(
Kernel configuration fragments. They are merged in order on top of `allnoconfig`; later
lines win. If `base.config` is listed and `base.arm64.config` exists next to it, a build
with `arch = "arm64"` merges it right after `base.config`. A line is
`CONFIG_NAME=value`, `# CONFIG_NAME is not set` or a comment. An option that the kernel
does not have is an error, unless its line ends with the comment
` # where the tree has it`. Refused with a prebuilt source.)"},
        {.section = "kernel",
         .name = "options",
         .type = KeyType::Table,
         .low = 0,
         .high = 512,
         .standard = "empty",
         .range = "the keys of `[kernel.options]`, at most 512",
         .example = "options = { PT_RECLAIM = \"n\" }",
         .text = R"(Single options, applied after all fragments. Refused with a prebuilt source.)"},
        {.section = "kernel.source",
         .name = "distro",
         .type = KeyType::Text,
         .low = 2,
         .high = 128,
         .standard = "none",
         .range = "Debian package name, 2 to 128 of `a-z 0-9 + - .`",
         .example = "distro = \"linux-source-6.12\"",
         .text = R"(A Debian source package such as `linux-source-6.12`. It is fetched with apt.)"},
        {.section = "kernel.source",
         .name = "suite",
         .type = KeyType::Text,
         .low = 1,
         .high = 64,
         .standard = "the host's own package lists",
         .range = "1 to 64 of `a-z 0-9 -`",
         .example = "suite = \"trixie-backports\"",
         .text =
             R"(
With `distro` only. A Debian suite such as `trixie-backports`. It is fetched through a
private apt configuration; the host's configuration is not changed.)"},
        {.section = "kernel.source",
         .name = "tarball",
         .type = KeyType::Text,
         .shape = "path of a file",
         .standard = "none",
         .range = "an existing file",
         .example = "tarball = \"/srv/linux-6.12.tar.xz\"",
         .text = R"(A local tarball of kernel sources. Requires `sha256`.)"},
        {.section = "kernel.source",
         .name = "sha256",
         .type = KeyType::Text,
         .low = 64,
         .high = 64,
         .standard = "none (required with `tarball`)",
         .range = "64 lower-case hex digits",
         .example = "sha256 = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"",
         .text = R"(The checksum of the tarball, checked before it is unpacked.)"},
        {.section = "kernel.source",
         .name = "git",
         .type = KeyType::Text,
         .shape = "path of a folder",
         .standard = "none",
         .range = "an existing folder",
         .example = "git = \"/home/me/linux\"",
         .text =
             R"(A local git repository. Requires `revision`. Uncommitted changes are not built; the
report warns about them.)"},
        {.section = "kernel.source",
         .name = "revision",
         .type = KeyType::Text,
         .low = 1,
         .high = 200,
         .standard = "none (required with `git`)",
         .range = "1 to 200 characters",
         .example = "revision = \"v6.12\"",
         .text =
             R"(
The git revision to build: letters, digits or any of `. _ / - ~ ^ @ { } +`; the first
character is not `-`.)"},
        {.section = "kernel.source",
         .name = "base",
         .type = KeyType::Text,
         .low = 1,
         .high = 200,
         .standard = "none",
         .range = "as `revision`",
         .example = "base = \"v6.12\"",
         .text =
             R"(
With `git` only. It makes builds of many revisions incremental. rig unpacks the tree of
`base` once and then replaces the files in which `revision` differs. A revision that
differs from the base in a symbolic link or a submodule is refused, except below
`Documentation/`.)"},
        {.section = "kernel.source",
         .name = "prebuilt",
         .type = KeyType::Boolean,
         .standard = "none",
         .range = "`true`",
         .example = "prebuilt = true",
         .text = R"(Nothing is built. Every arm names its own `bzimage`.)"},
        {.section = "kernel.options",
         .name = "NAME",
         .type = KeyType::Scalar,
         .standard = "none",
         .range = "see below",
         .example = "PT_RECLAIM = \"n\"",
         .text =
             R"(`NAME` is the option without `CONFIG_`, 1 to 128 of `A-Z 0-9 _`. `true` means `y`,
`false` means `n`. A text is `y`, `n`, a number without leading zeros, `0x` with hex
digits, or a quoted text such as `'"ttyS0"'`. `m` is refused: rig builds no modules.
After configuration rig compares every requested option with the final `.config`. An
option that did not survive is an error with the reason (exit code 2).

```toml
[kernel.options]
PT_RECLAIM = "n"
```)"},
    };
}

} // namespace rig
