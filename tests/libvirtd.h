// SPDX-License-Identifier: GPL-2.0-or-later
// A libvirtd for tests, see tests/libvirtd.
#pragma once

#include "tests/rig_program.h"

#include <boost/asio.hpp>
#include <string>
#include <thread>

namespace rig::testing {

class Libvirtd {
 public:
    explicit Libvirtd(fs::path dir) : dir_(std::move(dir)) {}
    ~Libvirtd() { stop(); }
    Libvirtd(const Libvirtd&) = delete;
    Libvirtd& operator=(const Libvirtd&) = delete;

    // `hidden`: on a port of loopback too, whose URI is then uri(), as if on another host, where
    // these folders are empty.
    void start(const std::vector<fs::path>& hidden = {}) {
        auto how = script("start");
        if (!hidden.empty()) how += fmt::format(" {}", free_port());
        for (const auto& folder : hidden)
            how += " " + folder.string();
        words_ = shell(how);
        const auto line = words_.find(hidden.empty() ? "qemu:///" : "qemu+tcp://");
        uri_ = line == std::string::npos ? "" : words_.substr(line, words_.find('\n', line) - line);
    }
    void stop() {
        if (!uri_.empty()) shell(script("stop"));
        uri_.clear();
    }
    const std::string& uri() const { return uri_; } // empty: it did not start
    std::string local_uri() const {
        return "qemu:///system?socket=" + (dir_ / "sock/libvirt-sock").string();
    }
    const std::string& words() const { return words_; } // what it said
    std::string pid() const {
        const auto text = slurp(dir_ / "pid");
        return text.substr(0, text.find('\n'));
    }
    // A killed one may stay a zombie for long, which kill -0 takes for alive.
    bool running() const {
        return !uri_.empty() && shell("readlink /proc/" + pid() + "/exe") != "";
    }
    // QEMUs whose files lie where this one's tests have theirs: another's on the same host are not
    // ours to count.
    std::string guests() const {
        return shell("pgrep -af '[g]uest=rig-.*" + dir_.parent_path().string() + "/'");
    }

    static std::string shell(const std::string& line) {
        BoostCommandRunner runner;
        Command command;
        command.argv = {"bash", "-c", line};
        command.timeout = std::chrono::seconds(300);
        const auto result = runner.run(command);
        return result ? result->out : "cannot run: " + result.error().message;
    }

 private:
    static unsigned free_port() {
        boost::asio::io_context io;
        using boost::asio::ip::tcp;
        return tcp::acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0))
            .local_endpoint()
            .port();
    }
    std::string script(const std::string& what) const {
        return (kTop / "tests/libvirtd").string() + " " + what + " " + dir_.string();
    }
    fs::path dir_;
    std::string uri_, words_;
};

} // namespace rig::testing
