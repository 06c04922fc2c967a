// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/domain_xml.h"

#include <gtest/gtest.h>
#include <pugixml.hpp>

namespace rig {
namespace {

BootRequest request() {
    BootRequest r;
    r.kernel = "/cache/vmlinux";
    r.pvh = true;
    r.initrd = "/scratch/initrd";
    r.cmdline = "console=ttyS0 a=\"<b>&c\"";
    r.console_log = "/results/console.log";
    r.channel = "/scratch/channel";
    r.seed = 7;
    return r;
}
const DomainPlace kPlace{"rig-1-0", "/usr/bin/qemu-system-x86_64", 1, 1000, 1001};

pugi::xml_document parsed(const BootRequest& r, const DomainPlace& place = kPlace) {
    pugi::xml_document document;
    EXPECT_TRUE(document.load_string(domain_xml(r, place).c_str()));
    return document;
}

TEST(DomainXml, Golden) {
    EXPECT_EQ(domain_xml(request(), kPlace),
              R"(<domain type="qemu" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>rig-1-0</name>
  <memory unit="MiB">512</memory>
  <vcpu cpuset="1">4</vcpu>
  <cputune>
    <emulatorpin cpuset="1" />
    <emulatorsched scheduler="fifo" priority="1" />
  </cputune>
  <os>
    <type arch="x86_64" machine="q35">hvm</type>
    <loader type="rom" readonly="yes">bios-microvm.bin</loader>
    <kernel>/cache/vmlinux</kernel>
    <initrd>/scratch/initrd</initrd>
    <cmdline>console=ttyS0 a="&lt;b&gt;&amp;c"</cmdline>
  </os>
  <features>
    <acpi />
    <apic />
  </features>
  <cpu mode="custom" match="exact" check="none">
    <model fallback="forbid">qemu64</model>
    <topology sockets="1" cores="4" threads="1" />
    <feature policy="disable" name="rdrand" />
    <feature policy="disable" name="rdseed" />
  </cpu>
  <clock offset="absolute" start="1767225600">
    <timer name="rtc" track="guest" />
  </clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>destroy</on_reboot>
  <on_crash>preserve</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type="usb" model="none" />
    <controller type="virtio-serial" index="0">
      <address type="pci" domain="0" bus="0" slot="1" function="0" />
    </controller>
    <serial type="file">
      <source path="/results/console.log" />
      <target type="isa-serial" port="0" />
    </serial>
    <watchdog model="i6300esb" action="pause">
      <address type="pci" domain="0" bus="0" slot="2" function="0" />
    </watchdog>
    <memballoon model="none" />
  </devices>
  <seclabel type="static" model="dac" relabel="no">
    <label>+1000:+1001</label>
  </seclabel>
  <qemu:commandline>
    <qemu:arg value="-icount" />
    <qemu:arg value="shift=0,sleep=off" />
    <qemu:arg value="-uuid" />
    <qemu:arg value="00000000-0000-0000-0000-000000000000" />
    <qemu:arg value="-action" />
    <qemu:arg value="panic=none" />
    <qemu:arg value="-seed" />
    <qemu:arg value="7" />
    <qemu:arg value="-device" />
    <qemu:arg value="{&quot;driver&quot;:&quot;pvpanic-pci&quot;,&quot;bus&quot;:&quot;pcie.0&quot;,&quot;addr&quot;:&quot;0x3&quot;}" />
    <qemu:arg value="-chardev" />
    <qemu:arg value="file,id=channel,path=/scratch/channel" />
    <qemu:arg value="-device" />
    <qemu:arg value="{&quot;driver&quot;:&quot;virtserialport&quot;,&quot;bus&quot;:&quot;virtio-serial0.0&quot;,&quot;nr&quot;:1,&quot;chardev&quot;:&quot;channel&quot;,&quot;name&quot;:&quot;org.rig.channel.0&quot;}" />
  </qemu:commandline>
  <qemu:override>
    <qemu:device alias="virtio-serial0">
      <qemu:frontend>
        <qemu:property name="ioeventfd" type="bool" value="false" />
      </qemu:frontend>
    </qemu:device>
  </qemu:override>
</domain>
)");
}

TEST(DomainXml, TheWallsClockIsNeitherCountedNorPinned) {
    auto r = request();
    r.clock = GuestClock::Wall;
    r.pvh = false;
    const auto text = domain_xml(r, kPlace);
    for (const char* absent : {"icount", "emulatorsched", "cpuset", "<clock", "loader", "i6300esb"})
        EXPECT_EQ(text.find(absent), text.npos) << absent;
    auto place = kPlace;
    place.wall_cpus = {2, 3, 5, 7, 8};
    const auto pinned = parsed(r, place); // on a host that has a CPU for each
    std::string cpus;
    for (const auto pin : pinned.child("domain").child("cputune").children("vcpupin"))
        cpus += std::string(pin.attribute("vcpu").value()) + ":" + pin.attribute("cpuset").value() +
                " ";
    EXPECT_EQ(cpus, "0:2 1:3 2:5 3:7 ");
    EXPECT_STREQ(pinned.child("domain").child("vcpu").attribute("cpuset").value(), "2-3,5,7-8")
        << "the rest of QEMU";
    place.wall_cpus.pop_back(); // no CPU is left for the other threads: nothing is pinned
    EXPECT_FALSE(parsed(r, place).child("domain").child("cputune"));
    r.accelerator = Accelerator::Kvm;
    const auto document = parsed(r);
    EXPECT_STREQ(document.child("domain").attribute("type").value(), "kvm");
    EXPECT_STREQ(document.child("domain").child("cpu").attribute("mode").value(),
                 "host-passthrough");
}

TEST(DomainXml, NodesShareTheCpusAndTheMemoryEvenly) {
    auto r = request();
    r.vcpus = 8;
    r.memory_mib = 1024;
    EXPECT_FALSE(parsed(r).child("domain").child("cpu").child("numa"));
    r.numa = 2;
    const auto document = parsed(r);
    const auto cpu = document.child("domain").child("cpu");
    EXPECT_STREQ(cpu.child("topology").attribute("sockets").value(), "2");
    EXPECT_STREQ(cpu.child("topology").attribute("cores").value(), "4");
    const auto second = cpu.child("numa").last_child();
    EXPECT_STREQ(second.attribute("id").value(), "1");
    EXPECT_STREQ(second.attribute("cpus").value(), "4-7");
    EXPECT_STREQ(second.attribute("memory").value(), "512");
}

TEST(DomainXml, TextsOfTheUsersStayTexts) {
    auto r = request();
    r.console_log = "/results/a\"/><x/>&amp;.log";
    r.cmdline = "</cmdline><on_crash>restart</on_crash>";
    const auto document = parsed(r); // keeps the nodes alive
    const auto domain = document.child("domain");
    EXPECT_EQ(domain.child("devices").child("serial").child("source").attribute("path").value(),
              r.console_log.string());
    EXPECT_EQ(domain.child("os").child("cmdline").text().get(), r.cmdline);
    EXPECT_STREQ(domain.child("on_crash").text().get(), "preserve");
}

} // namespace
} // namespace rig
