// What parse_spec() says about bad experiment files: the place, what was found and what is accepted.
#include "rig/spec/spec_parser.h"
#include "rig/testing/spec_project.h"

#include <algorithm>
#include <vector>

namespace rig {
namespace {

namespace fs = std::filesystem;

class SpecErrors : public SpecProject {};

// `to` replaces `from` in `base`. An '@' in `to` stands where the error must point and is taken out first.
struct Bad {
    std::string_view base, from, to;
    std::vector<std::string> words;
};

void expect_error(const Bad& bad, const fs::path& file) {
    auto text = replaced(bad.base, bad.from, bad.to);
    auto at = text.find('@');
    ASSERT_NE(at, text.npos) << bad.to;
    text.erase(at, 1);
    auto before = std::string_view(text).substr(0, at);
    auto line = 1 + std::count(before.begin(), before.end(), '\n');
    auto column = at - (before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1) + 1;
    auto spec = parse_spec(text, file);
    ASSERT_FALSE(spec) << bad.to;
    EXPECT_EQ(spec.error().blame, Blame::Spec);
    const auto& message = spec.error().message;
    auto place = fmt::format("{}:{}:{}: ", file.string(), line, column);
    EXPECT_TRUE(message.starts_with(place)) << message << "\nshould point to " << place;
    for (const auto& word : bad.words)
        EXPECT_NE(message.find(word, place.size()), message.npos) << message << "\nshould say " << word;
    EXPECT_EQ(message.find('\n'), message.npos) << message;
}

TEST_F(SpecErrors, PointsAtWhatIsWrongAndSaysWhatIsAccepted) {
    const std::string without_sync = replaced(good_spec, "sync_function = \"tlb_remove_table_smp_sync\"\n", "");
    const std::string long_array = "fragments = @[" + [] {
        std::string out;
        for (int i = 0; i < 65; ++i)
            out += "\"configs/kernel/base.config\", ";
        return out;
    }() + "]";
    const std::string long_text = "description = @\"" + std::string(5000, 'x') + "\"";
    const std::string long_cmdline = "extra_cmdline = @\"" + std::string(1025, 'x') + "\"";
    std::string many_arms = "[workload]\n";
    for (int i = 0; i < 17; ++i)
        many_arms = fmt::format("[[arm]]\nname = \"a{}\"\nwitness = \"f\"\n", i) + many_arms;

    const std::vector<Bad> table = {
        // TOML itself
        {good_spec, "vcpus = 6", "vcpus = @\n", {"not valid TOML"}},
        {good_spec, "[guest]", "[guest@\n", {"not valid TOML"}},
        {good_spec, "boots = 3", "boots = 3\nboots = @3", {"not valid TOML"}},
        {good_spec, "[guest]", "[@!guest]", {"not valid TOML"}}, // toml++ would assert here
        {good_spec, "[guest]", "[[@[guest]", {"not valid TOML"}},
        // unknown keys
        {good_spec, "vcpus = 6", "@vcpu = 6", {"unknown key guest.vcpu", "did you mean \"vcpus\"?", "memory_mib"}},
        {good_spec, "description =", "@desription =", {"unknown key desription", "\"description\"", "kernel"}},
        {good_spec, "[workload]", "[@worklaod]", {"unknown key worklaod", "\"workload\""}},
        {good_spec,
         "witness = \"synchronize_rcu\"",
         "@witnes = \"synchronize_rcu\"",
         {"unknown key arm[1].witnes", "\"witness\""}},
        {good_spec,
         "source = { distro = \"linux-source-7.3\", suite",
         "source = { distro = \"linux-source-7.3\", @suit",
         {"kernel.source.suit", "\"suite\""}},
        {good_spec, "min_order = 1", "@order = 1", {"unknown key fault.order", "min_order"}},
        {good_spec, "sync_function =", "@sync_fn =", {"unknown key target.sync_fn", "sync_function"}},
        {good_spec, "pages_per_table", "@page_per_table", {"workload.page_per_table", "\"pages_per_table\""}},
        {good_spec,
         "[metrics.total_ipis]",
         "[metrics.@total_ipi]",
         {"unknown key metrics.total_ipi", "\"total_ipis\"", "bystander_burst"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.mine]\nevent = @\"kmem\"\n", {"metrics.mine.event", "subsystem:event"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.mine]\nevent = \"kmem:kfree\"\nlatency_of = @\"f\"\n", {"metrics.mine.latency_of", "event defines the metric already"}},
        {good_spec, "bystanders = false", "bystanders = true\nbystander_mode = @\"idle\"", {"workload.bystander_mode: \"idle\"", "sleep, busy"}},
        {good_spec, "bystanders = false", "bystanders = false\nbystander_mode = @\"busy\"", {"workload.bystander_mode", "workload.bystanders = true"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.mine]\ncalls_of = \"f\"\ncpu = @6\n", {"metrics.mine.cpu: 6"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.mine]\nlatency_of = \"f\"\ncpu = @1\n", {"metrics.mine.cpu", "event and calls_of"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.mine]\ncounter = @\"walks\"\n", {"metrics.mine.counter", "workload \"munmap\" counts nothing itself"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.total_ipis]\nat_least = @0\n", {"metrics.total_ipis.at_least: 0"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.mine]\nlatency_of = \"f\"\nown = @true\n", {"metrics.mine.own", "left out"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.mine]\ncalls_of = \"f\"\nfilter = @\"x\"\n", {"metrics.mine.filter", "goes with event"}},
        {good_spec, "[metrics.total_ipis]", "[metrics.mine]\nhistogram_of = @\"x\"\n", {"metrics.mine.histogram_of", "[[background]]"}},
        {good_spec, "[metrics.total_ipis]", "@[metrics.Mine]\nevent = \"kmem:kfree\"\n", {"metrics.Mine", "a-z"}},
        {good_spec, "[guest]", "[[background]]\nname = \"x\"\ncommand = @[\"relative\"]\n[guest]", {"background[0].command", "absolute path"}},
        {good_spec, "[guest]", "[image]\nfiles = [@\"/no/such/program\"]\n[guest]", {"image.files[0]", "absolute path of a program"}},
        {without_sync, "[metrics.sync_ipis]", "[metrics.@sync_ipis]", {"sync_ipis", "target.sync_function"}},
        {good_spec, "within = 0.01", "@withn = 0.01", {"metrics.bystander_wakeup.withn", "\"within\""}},
        {good_spec, "enable = [", "@series = [", {"unknown key kernel.series", "enable, fragments"}},
        // types
        {good_spec, "vcpus = 6", "vcpus = @\"6\"", {"bad guest.vcpus: \"6\"", "a whole number 2..16"}},
        {good_spec, "vcpus = 6", "vcpus = @6.0", {"guest.vcpus", "whole number"}},
        {good_spec, "bystanders = false", "bystanders = @\"no\"", {"bad workload.bystanders: \"no\"", "true or false"}},
        {good_spec, "task_filter = false", "task_filter = @0", {"bad fault.task_filter: 0", "true or false"}},
        {good_spec, "name = \"batch-alloc-fail\"", "name = @5", {"bad name: 5", "text in quotes"}},
        {good_spec, "name = \"batch-alloc-fail\"", "name = @2024-01-01", {"bad name: a date or time", "text"}},
        {good_spec, "series = []", "series = @\"none\"", {"bad arm[0].series: \"none\"", "array"}},
        {good_spec, "series = []", "series = [@1]", {"bad arm[0].series[0]: 1", "text"}},
        {good_spec,
         "at_most = 5000",
         "at_most = @\"5000\"",
         {"bad metrics.target_latency.at_most", "a number above 0"}},
        {minimal_spec, "[[arm]]", "@[arm]", {"bad arm: a table", "[[arm]]"}},
        {minimal_spec,
         "[kernel]\nsource = { distro = \"linux-source-6.12\" }",
         "kernel = @7",
         {"bad kernel: 7", "[kernel]"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "@\"linux-source-6.12\"",
         {"bad kernel.source", "{ distro ="}},
        {good_spec,
         "values = { ipi = \"predicted\", reviewed = 0 }",
         "values = @0",
         {"metrics.sync_ipis.values", "a table"}},
        {good_spec, "PT_RECLAIM = \"n\"", "PT_RECLAIM = @[]", {"kernel.options.PT_RECLAIM: an array", "y, n, m"}},
        // ranges
        {good_spec, "vcpus = 6", "vcpus = @1", {"bad guest.vcpus: 1, want 2..16"}},
        {good_spec, "vcpus = 6", "vcpus = @17", {"bad guest.vcpus: 17, want 2..16"}},
        {good_spec, "memory_mib = 1024", "memory_mib = @64", {"bad guest.memory_mib: 64, want 128..65536"}},
        {good_spec, "boots = 3", "boots = @0", {"bad guest.boots: 0, want 1..1000"}},
        {good_spec, "seed = 9007199254740992", "seed = @9007199254740993", {"guest.seed", "0..9007199254740992"}},
        {good_spec, "seed = 9007199254740992", "seed = @-1", {"bad guest.seed: -1"}},
        {good_spec, "deadline_seconds = 90", "deadline_seconds = @86401", {"0..86400"}},
        {good_spec, "perf_pages = 64", "perf_pages = @32768", {"guest.perf_pages", "1..16384"}},
        {good_spec, "extra_cmdline = \"lpj=1000 debug\"", "extra_cmdline = @\"lpj=1000 loglevel=1\"", {"guest.extra_cmdline", "no loglevel=1"}},
        {good_spec, "witness = \"synchronize_rcu\"", "witness = \"synchronize_rcu\"\nconfig_differs = [@\"CONFIG_kasan\"]", {"config_differs", "without CONFIG_", "\"*\" for any"}},
        {good_spec, "perf_pages = 64", "perf_pages = @65", {"guest.perf_pages", "a power of two"}},
        {good_spec, "iterations = 21", "iterations = @100001", {"workload.iterations", "1..100000"}},
        {good_spec, "pace_us = 0", "pace_us = @10000001", {"workload.pace_us", "0..10000000"}},
        {good_spec, "tables = 5", "tables = @512", {"workload.tables", "0..511"}},
        {good_spec, "pages_per_table = 6", "pages_per_table = @0", {"workload.pages_per_table", "1..512"}},
        {good_spec, "bystander_period_us = 700", "bystander_period_us = @49", {"50..1000000"}},
        {good_spec, "interval = 2", "interval = @0", {"fault.interval", "1..1000000"}},
        {good_spec, "times = 2147483647", "times = @2147483648", {"fault.times", "0..2147483647"}},
        {good_spec, "times = 2147483647", "times = @-1", {"bad fault.times: -1"}},
        {good_spec, "min_order = 1", "min_order = @11", {"fault.min_order", "0..10"}},
        {good_spec, "at_most = 5000", "at_most = @0", {"at_most: 0", "above 0"}},
        {good_spec, "at_most = 5000", "at_most = @inf", {"at_most: inf", "above 0"}},
        {good_spec, "within = 0.01", "within = @nan", {"within", "0..10"}},
        {good_spec, "within = 0.01", "within = @-0.1", {"within: -0.1", "0..10"}},
        {good_spec, "reviewed = 0", "reviewed = @-1", {"metrics.sync_ipis.values.reviewed: -1", "predicted"}},
        {good_spec,
         "description = \"what the batch allocation's failure costs\"",
         long_text,
         {"bad description", "at most 4096"}},
        {good_spec, "extra_cmdline = \"lpj=1000 debug\"", long_cmdline, {"guest.extra_cmdline", "at most 1024"}},
        {good_spec,
         "extra_cmdline = \"lpj=1000 debug\"",
         "extra_cmdline = @\"a\\nb\"",
         {"guest.extra_cmdline: \"a\\x0ab\"", "line breaks"}},
        {minimal_spec,
         minimal_spec,
         "name = \"least\"\narm = @[]\nkernel.source.distro = \"linux-source-6.12\"\n",
         {"1..16 tables: [[arm]]"}},
        {good_spec,
         R"(fragments = ["configs/kernel/base.config", "configs/kernel/../kernel/more.config"])",
         long_array,
         {"kernel.fragments", "at most 64 entries, not 65"}},
        // choices
        {good_spec,
         "clock = \"virtual\"",
         "clock = @\"wal\"",
         {"guest.clock: \"wal\"", "auto, virtual, wall", "did you mean \"wall\"?"}},
        {good_spec, "name = \"munmap\"", "name = @\"exec\"", {"workload.name: \"exec\"", "munmap"}},
        {good_spec,
         "expect = \"not-worse\"",
         "expect = @\"no-worse\"",
         {"bystander_wakeup.expect", "report, exactly, may-rise, not-worse, unchanged, falls", "did you mean \"not-worse\"?"}},
        {good_spec,
         "expect = \"not-worse\"\nwithin = 0.01",
         "expect = \"unchanged\"\nwithin = @0.6",
         {"bystander_wakeup.within", "0.5"}},
        {good_spec,
         "expect = \"not-worse\"\nwithin = 0.01",
         "expect = \"falls\"\nwithin = @0.01",
         {"bystander_wakeup.within", "goes with another expectation than \"falls\""}},
        // what is missing
        {good_spec, "name = \"batch-alloc-fail\"", "@", {"missing name"}},
        {minimal_spec,
         "name = \"least\"\n[kernel]\nsource = { distro = \"linux-source-6.12\" }",
         "@name = \"least\"",
         {"missing kernel", "[kernel]"}},
        {minimal_spec,
         "[kernel]\nsource = { distro = \"linux-source-6.12\" }",
         "@[kernel]",
         {"missing kernel.source", "tarball", "prebuilt"}},
        {minimal_spec,
         "name = \"least\"\n[kernel]\nsource = { distro = \"linux-source-6.12\" }\n[[arm]]\nname = \"ipi\"\nwitness = "
         "\"smp_call_function\"\n",
         "@name = \"least\"\nkernel.source.distro = \"linux-source-6.12\"",
         {"missing arm", "[[arm]]"}},
        {good_spec, "[[arm]]\nname = \"reviewed\"", "@[[arm]]", {"missing arm[1].name"}},
        {good_spec,
         "[[arm]]\nname = \"reviewed\"\nseries = [\"kernel-patches/6.12/reviewed\"]\nwitness = \"synchronize_rcu\"",
         "@[[arm]]\nname = \"reviewed\"",
         {"missing arm[1].witness", "can't be proven to run"}},
        {good_spec,
         "[metrics.total_ipis]\nexpect = \"report\"",
         "@[metrics.total_ipis]",
         {"missing metrics.total_ipis.expect", "may-rise"}},
        {good_spec,
         "[metrics.target_latency]\nexpect = \"may-rise\"\nat_most = 5000",
         "@[metrics.target_latency]\nexpect = \"may-rise\"",
         {"missing metrics.target_latency.at_most", "may-rise"}},
        {good_spec,
         "[metrics.bystander_wakeup]\nexpect = \"not-worse\"\nwithin = 0.01",
         "@[metrics.bystander_wakeup]\nexpect = \"not-worse\"",
         {"missing metrics.bystander_wakeup.within"}},
        {good_spec,
         "[metrics.sync_ipis]\nexpect = \"exactly\"\nvalues = { ipi = \"predicted\", reviewed = 0 }",
         "@[metrics.sync_ipis]\nexpect = \"exactly\"",
         {"missing metrics.sync_ipis.values"}},
        {good_spec,
         "{ ipi = \"predicted\", reviewed = 0 }",
         "@{ ipi = \"predicted\" }",
         {"missing metrics.sync_ipis.values.reviewed", "every arm"}},
        // what does not go together
        {good_spec,
         "{ ipi = \"predicted\", reviewed = 0 }",
         "{ ipi = \"predicted\", reviewed = 0, @reviewd = 0 }",
         {"unknown key metrics.sync_ipis.values.reviewd", "accepted: ipi, reviewed"}},
        {good_spec, "ipi = \"predicted\"", "ipi = @\"predict\"", {"values.ipi: \"predict\"", "\"predicted\""}},
        {good_spec,
         "expect = \"report\"",
         "expect = \"report\"\nwithin = @0.1",
         {"metrics.total_ipis.within", "left out", "report"}},
        {good_spec, "name = \"reviewed\"", "name = @\"ipi\"", {"bad arm[1].name: \"ipi\"", "no other arm"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "@{ distro = \"linux-source-6.12\", git = \"x\" }",
         {"distro and git at once", "one of"}},
        {minimal_spec, "{ distro = \"linux-source-6.12\" }", "@{ suite = \"trixie\" }", {"says no source"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "{ distro = \"linux-source-6.12\", @sha256 = \"00\" }",
         {"unknown key kernel.source.sha256", "distro, suite"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "@{ tarball = \"images/vmlinux\" }",
         {"missing kernel.source.sha256"}},
        {minimal_spec, "{ distro = \"linux-source-6.12\" }", "@{ git = \".\" }", {"missing kernel.source.revision"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "{ prebuilt = @false }",
         {"kernel.source.prebuilt: false", "true"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }\n[[arm]]",
         "{ prebuilt = true }\n@[[arm]]",
         {"missing arm[0].bzimage"}},
        {prebuilt_spec,
         "[[arm]]\nname = \"reviewed\"\nwitness = \"synchronize_rcu\"\nbzimage = \"images/bzImage\"\nvmlinux = "
         "\"images/vmlinux\"",
         "@[[arm]]\nname = \"reviewed\"\nwitness = \"synchronize_rcu\"\nbzimage = \"images/bzImage\"",
         {"missing arm[1].vmlinux", "system_map"}},
        {prebuilt_spec, "config = \"images/config\"", "series = @[]", {"arm[0].series", "cannot be patched"}},
        {prebuilt_spec,
         "source = { prebuilt = true }",
         "source = { prebuilt = true }\nfragments = @[]",
         {"kernel.fragments", "nothing is built"}},
        {good_spec,
         "witness = \"synchronize_rcu\"",
         "witness = \"synchronize_rcu\"\nbzimage = @\"images/bzImage\"",
         {"arm[1].bzimage", "prebuilt = true"}},
        // names
        {good_spec, "name = \"batch-alloc-fail\"", "name = @\"../evil\"", {"bad name: \"../evil\"", "letters, digits"}},
        {good_spec, "name = \"batch-alloc-fail\"", "name = @\"\"", {"bad name: \"\"", "1..64"}},
        {good_spec, "name = \"reviewed\"", "name = @\"Reviewed\"", {"arm[1].name: \"Reviewed\"", "a-z"}},
        {good_spec, "name = \"reviewed\"", "name = @\"-reviewed\"", {"arm[1].name", "not '-'"}},
        {good_spec,
         "witness = \"synchronize_rcu\"",
         "witness = @\"1up\"",
         {"arm[1].witness: \"1up\"", "kernel function"}},
        {good_spec, "sync_function = \"tlb_remove_table_smp_sync\"", "same_path = @1", {"target.same_path"}},
        {good_spec, "witness = \"synchronize_rcu\"", "witness = \"synchronize_rcu\"\nsplat = @\"BUG\"", {"arm[1].splat: \"BUG\"", "4..128 characters"}},
        {good_spec, "witness = \"synchronize_rcu\"", "witness = \"synchronize_rcu\"\nsplat = @\" sleep\"", {"arm[1].splat", "without blanks"}},
        {good_spec, "witness = \"synchronize_rcu\"", "witness = \"synchronize_rcu\"\nsplat = @true", {"arm[1].splat"}},
        {good_spec, "witness = \"synchronize_rcu\"", "witness = \"synchronize_rcu\"\n@splats = \"sleeping\"", {"unknown key arm[1].splats", "\"splat\""}},
        {good_spec,
         "sync_function = \"tlb_remove_table_smp_sync\"",
         "sync_function = @\"a b\"",
         {"target.sync_function", "kernel function"}},
        {good_spec,
         "function = \"tlb_remove_table.isra.0\"",
         "function = @\"\"",
         {"fault.function: \"\"", "kernel function"}},
        {good_spec,
         "PT_RECLAIM = \"n\"",
         "@CONFIG_PT_RECLAIM = \"n\"",
         {"\"CONFIG_PT_RECLAIM\" in kernel.options", "without CONFIG_: PT_RECLAIM"}},
        {good_spec, "PT_RECLAIM = \"n\"", "@pt_reclaim = \"n\"", {"bad key \"pt_reclaim\"", "A-Z"}},
        {good_spec, "PT_RECLAIM = \"n\"", "PT_RECLAIM = @\"no\"", {"kernel.options.PT_RECLAIM: \"no\"", "y, n, m"}},
        {good_spec,
         "LOCALVERSION = '\"-rig\"'",
         "LOCALVERSION = @'\"a\"b\"'",
         {"kernel.options.LOCALVERSION", "quotes of its own"}},
        {good_spec,
         "MMU_GATHER_RCU_TABLE_FREE = \"y\"",
         "@CONFIG_MMU = \"y\"",
         {"in target.config", "without CONFIG_: MMU"}},
        {minimal_spec,
         "distro = \"linux-source-6.12\"",
         "distro = @\"--print\"",
         {"kernel.source.distro: \"--print\"", "Debian package"}},
        {good_spec, "suite = \"trixie-backports\"", "suite = @\"a b\"", {"kernel.source.suite", "Debian suite"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "{ git = \".\", revision = @\"--upload-pack\" }",
         {"kernel.source.revision", "not '-'"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "{ tarball = \"images/vmlinux\", sha256 = @\"ABC\" }",
         {"kernel.source.sha256", "64 lower-case hex"}},
        // files
        {good_spec,
         "[\"kernel-patches/6.12/enable\"]",
         "[@\"kernel-patches/6.12/enabel\"]",
         {"kernel.enable[0]", "does not exist"}},
        {good_spec,
         "[\"kernel-patches/6.12/reviewed\"]",
         "[@\"kernel-patches/6.12/empty\"]",
         {"arm[1].series[0]", "quilt `series` file", "empty/series does not exist"}},
        {good_spec,
         "[\"kernel-patches/6.12/reviewed\"]",
         "[@\"configs/kernel/base.config\"]",
         {"arm[1].series[0]", "a folder", "base.config is a file"}},
        {good_spec,
         "\"configs/kernel/../kernel/more.config\"",
         "@\"configs/kernel\"",
         {"kernel.fragments[1]", "configs/kernel is a folder"}},
        {good_spec, "\"configs/kernel/../kernel/more.config\"", "@\"\"", {"kernel.fragments[1]: \"\"", "a file"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "{ tarball = @\"nope.tar.xz\", sha256 = \"00\" }",
         {"kernel.source.tarball", "nope.tar.xz does not exist"}},
        {minimal_spec,
         "{ distro = \"linux-source-6.12\" }",
         "{ git = @\"images/vmlinux\", revision = \"v6\" }",
         {"kernel.source.git", "vmlinux is a file"}},
        {prebuilt_spec,
         "system_map = \"images/System.map\"",
         "system_map = @\"images/map\"",
         {"arm[0].system_map", "images/map does not exist"}},
    };
    for (const auto& bad : table) {
        SCOPED_TRACE(bad.to.substr(0, 200));
        expect_error(bad, file());
    }
    EXPECT_GE(table.size(), 40U);

    auto too_many = parse_spec(replaced(good_spec, "[workload]\n", many_arms), file());
    ASSERT_FALSE(too_many);
    EXPECT_NE(too_many.error().message.find("1..16 tables: [[arm]]"), std::string::npos) << too_many.error().message;
}

} // namespace
} // namespace rig
