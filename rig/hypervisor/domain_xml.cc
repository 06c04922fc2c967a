// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/domain_xml.h"

#include "guest/protocol/protocol.h"
#include "rig/arch/arch.h"
#include "rig/host/cpu_allocation.h"
#include "rig/host/cpu_binding.h"
#include "rig/hypervisor/qemu_hypervisor.h"

#include <fmt/format.h>
#include <pugixml.hpp>
#include <sstream>

namespace rig {
namespace {

using Attributes = std::initializer_list<std::pair<const char*, std::string>>;

pugi::xml_node add(pugi::xml_node parent, const char* name, Attributes attributes = {}) {
    auto node = parent.append_child(name);
    for (const auto& [key, value] : attributes)
        node.append_attribute(key) = value.c_str();
    return node;
}

void add_text(pugi::xml_node parent, const char* name, const std::string& text) {
    add(parent, name).text() = text.c_str();
}

void add_cpus(pugi::xml_node domain, const BootRequest& request, const DomainPlace& place) {
    const bool counted = request.clock == GuestClock::Virtual && place.host_cpu >= 0;
    auto vcpu = add(domain, "vcpu");
    vcpu.text() = request.vcpus;
    if (!counted && !place.wall_cpus.empty()) {
        vcpu.append_attribute("cpuset") = cpu_list(place.wall_cpus).c_str();
        const auto pinned = cpus_of_vcpus(request.vcpus, place.wall_cpus);
        auto pins = pinned.empty() ? pugi::xml_node() : add(domain, "cputune");
        for (std::size_t i = 0; i < pinned.size(); ++i)
            add(pins, "vcpupin",
                {{"vcpu", std::to_string(i)}, {"cpuset", std::to_string(pinned[i])}});
    }
    if (!counted) return;
    // QEMU's main loop must run as soon as it is woken, see HostCpu.
    const auto cpu = std::to_string(place.host_cpu);
    vcpu.append_attribute("cpuset") = cpu.c_str();
    auto tune = add(domain, "cputune");
    add(tune, "emulatorpin", {{"cpuset", cpu}});
    add(tune, "emulatorsched", {{"scheduler", "fifo"}, {"priority", "1"}});
}

void add_boot(pugi::xml_node domain, const BootRequest& request) {
    auto os = add(domain, "os");
    add(os, "type", {{"arch", "x86_64"}, {"machine", "q35"}}).text() = "hvm";
    if (request.pvh)
        // QEMU searches its own folder.
        add(os, "loader", {{"type", "rom"}, {"readonly", "yes"}}).text() = "bios-microvm.bin";
    add_text(os, "kernel", request.kernel.string());
    add_text(os, "initrd", request.initrd.string());
    add_text(os, "cmdline", request.cmdline);
    auto features = add(domain, "features");
    for (const char* feature : {"acpi", "apic"})
        add(features, feature);
    auto cpu = add(domain, "cpu");
    if (request.accelerator == Accelerator::Kvm) {
        cpu.append_attribute("mode") = "host-passthrough";
    } else {
        for (const auto& [key, value] :
             {std::pair{"mode", "custom"}, {"match", "exact"}, {"check", "none"}})
            cpu.append_attribute(key) = value;
        add(cpu, "model", {{"fallback", "forbid"}}).text() = "qemu64";
    }
    add(cpu, "topology",
        {{"sockets", std::to_string(request.numa)},
         {"cores", std::to_string(request.vcpus / request.numa)},
         {"threads", "1"}});
    if (request.numa > 1) {
        auto numa = add(cpu, "numa");
        const auto cores = request.vcpus / request.numa;
        for (unsigned node = 0; node < request.numa; ++node)
            add(numa, "cell",
                {{"id", std::to_string(node)},
                 {"cpus", fmt::format("{}-{}", node * cores, (node + 1) * cores - 1)},
                 {"memory", std::to_string(request.memory_mib / request.numa)},
                 {"unit", "MiB"}});
    }
    if (request.accelerator == Accelerator::Tcg)
        for (const char* entropy : {"rdrand", "rdseed"})
            add(cpu, "feature", {{"policy", "disable"}, {"name", entropy}});
    if (request.clock == GuestClock::Virtual) {
        auto clock = add(domain, "clock",
                         {{"offset", "absolute"}, {"start", "1767225600"}}); // 2026-01-01T00:00:00Z
        add(clock, "timer", {{"name", "rtc"}, {"track", "guest"}});
    }
    for (const char* event : {"on_poweroff", "on_reboot"})
        add_text(domain, event, "destroy");
    // After a panic the guest goes on (-action panic=none), and restarts when it has
    // printed everything.
    add_text(domain, "on_crash", "preserve");
}

void add_devices(pugi::xml_node domain, const BootRequest& request, const DomainPlace& place) {
    auto devices = add(domain, "devices");
    add_text(devices, "emulator", place.emulator);
    add(devices, "controller", {{"type", "usb"}, {"model", "none"}});
    auto bus = add(devices, "controller", {{"type", "virtio-serial"}, {"index", "0"}});
    add(bus, "address",
        {{"type", "pci"}, {"domain", "0"}, {"bus", "0"}, {"slot", "1"}, {"function", "0"}});
    auto serial = add(devices, "serial", {{"type", "file"}});
    add(serial, "source", {{"path", request.console_log.string()}});
    add(serial, "target", {{"type", "isa-serial"}, {"port", "0"}});
    if (request.clock == GuestClock::Virtual) { // see qemu_argv()
        auto watchdog = add(devices, "watchdog", {{"model", "i6300esb"}, {"action", "pause"}});
        add(watchdog, "address",
            {{"type", "pci"}, {"domain", "0"}, {"bus", "0"}, {"slot", "2"}, {"function", "0"}});
    }
    add(devices, "memballoon", {{"model", "none"}});
}

// Options that libvirt's XML cannot express.
void add_qemu(pugi::xml_node domain, const BootRequest& request) {
    auto line = add(domain, "qemu:commandline");
    const auto argument = [&](const std::string& value) {
        add(line, "qemu:arg", {{"value", value}});
    };
    const auto option = [&](const char* name, const std::string& value) {
        argument(name), argument(value);
    };
    if (request.clock == GuestClock::Virtual) option("-icount", "shift=0,sleep=off");
    option("-uuid", kGuestUuid); // QEMU uses the last -uuid
    option("-action",
           "panic=none"); // the panic device notifies libvirt, and the kernel goes on printing
    option("-seed", std::to_string(request.seed & 0xffffffff));
    for (const auto& plugin : {request.plugin, request.profiler})
        if (plugin) option("-plugin", plugin_option(*plugin));
    // The only panic device that libvirt 9.0 supports is on the ISA bus, where only ACPI finds it.
    // Written as JSON, as libvirt does: QEMU creates JSON devices after all others, in their own
    // order.
    option("-device",
           fmt::format(R"({{"driver":"{}","bus":"pcie.0","addr":"0x3"}})", x86_64().panic_device));
    // Not a <channel>: for the port name that libvirt gives those, QEMU sends libvirt an event when
    // the guest opens the port. Such an event, and the timer that delays the next one, wakes QEMU's
    // main loop at a time that the host determines, so that boots differ.
    option("-chardev", "file,id=channel,path=" + qemu_escaped(request.channel));
    option(
        "-device",
        fmt::format(
            R"({{"driver":"virtserialport","bus":"virtio-serial0.0","nr":1,"chardev":"channel","name":"{}"}})",
            guest::kChannelName));
    auto front =
        add(add(add(domain, "qemu:override"), "qemu:device", {{"alias", "virtio-serial0"}}),
            "qemu:frontend");
    add(front, "qemu:property",
        {{"name", "ioeventfd"}, {"type", "bool"}, {"value", "false"}}); // see qemu_argv()
}

// QEMU must not run as libvirt's user for guests, who can read neither the kernel in the cache nor
// the scratch folder.
void add_label(pugi::xml_node domain, const DomainPlace& place) {
    auto label = add(domain, "seclabel", {{"type", "static"}, {"model", "dac"}, {"relabel", "no"}});
    add_text(label, "label", fmt::format("+{}:+{}", place.uid, place.gid));
}

} // namespace

std::string domain_xml(const BootRequest& request, const DomainPlace& place) {
    pugi::xml_document document;
    auto domain = add(document, "domain",
                      {{"type", request.accelerator == Accelerator::Kvm ? "kvm" : "qemu"},
                       {"xmlns:qemu", "http://libvirt.org/schemas/domain/qemu/1.0"}});
    add_text(domain, "name", place.name);
    add(domain, "memory", {{"unit", "MiB"}}).text() = request.memory_mib;
    add_cpus(domain, request, place);
    add_boot(domain, request);
    add_devices(domain, request, place);
    if (!place.elsewhere) add_label(domain, place);
    add_qemu(domain, request);
    std::ostringstream out;
    document.save(out, "  ", pugi::format_indent | pugi::format_no_declaration);
    return out.str();
}

} // namespace rig
