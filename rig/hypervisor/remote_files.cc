// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/hypervisor/remote_files.h"

#include <array>
#include <fmt/format.h>
#include <fstream>
#include <libvirt/virterror.h>
#include <pugixml.hpp>
#include <sstream>

namespace rig {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kPiece = 256 * 1024; // libvirt splits data into smaller messages

tl::unexpected<Error> failed(const std::string& what) {
    const char* message = virGetLastErrorMessage();
    return fail(FaultDomain::Host,
                fmt::format("libvirt, storage of another host: cannot {}: {}", what,
                            message && *message ? message : "no reason given"));
}

// Aborts the stream unless it was finished.
struct Stream {
    virStreamPtr stream;
    bool open = false;
    explicit Stream(virConnectPtr connection) : stream(virStreamNew(connection, 0)) {}
    ~Stream() {
        if (stream && open) virStreamAbort(stream);
        if (stream) virStreamFree(stream);
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    bool finish() {
        open = false;
        return virStreamFinish(stream) == 0;
    }
};

void add_element(pugi::xml_node parent, const char* name, const std::string& text) {
    parent.append_child(name).text() = text.c_str();
}

std::string text_of(const pugi::xml_document& document) {
    std::ostringstream out;
    document.save(out, "", pugi::format_raw | pugi::format_no_declaration);
    return out.str();
}

std::string pool_xml() {
    pugi::xml_document document;
    auto pool = document.append_child("pool");
    pool.append_attribute("type") = "dir";
    add_element(pool, "name", kRemotePool);
    add_element(pool.append_child("target"), "path", kRemotePoolFolder);
    return text_of(document);
}

std::string volume_xml(const std::string& name, std::uintmax_t bytes, const char* mode) {
    pugi::xml_document document;
    auto volume = document.append_child("volume");
    add_element(volume, "name", name);
    auto capacity = volume.append_child("capacity");
    capacity.append_attribute("unit") = "bytes";
    capacity.text() = std::to_string(bytes).c_str();
    auto target = volume.append_child("target");
    target.append_child("format").append_attribute("type") = "raw";
    add_element(target.append_child("permissions"), "mode", mode);
    return text_of(document);
}

} // namespace

RemoteVolume::~RemoteVolume() {
    if (!volume_) return;
    virStorageVolDelete(volume_, 0);
    virStorageVolFree(volume_);
}

RemotePool::~RemotePool() {
    uploads_.clear();
    if (pool_) virStoragePoolFree(pool_);
}

Status RemotePool::find_pool() {
    if (pool_) return {};
    pool_ = virStoragePoolLookupByName(connection_, kRemotePool);
    if (!pool_)
        pool_ = virStoragePoolCreateXML(connection_, pool_xml().c_str(),
                                        VIR_STORAGE_POOL_CREATE_WITH_BUILD);
    if (pool_) return {};
    const auto error =
        failed(fmt::format("find or make the pool '{}' in {}", kRemotePool, kRemotePoolFolder));
    // Another rig may have created it in between.
    pool_ = virStoragePoolLookupByName(connection_, kRemotePool);
    if (pool_) return {};
    return error;
}

Result<RemoteVolume> RemotePool::create(const std::string& name, std::uintmax_t bytes,
                                        const char* mode) {
    const std::lock_guard lock(mutex_);
    RIG_CHECK(find_pool());
    const auto volume = virStorageVolCreateXML(pool_, volume_xml(name, bytes, mode).c_str(), 0);
    if (!volume)
        return failed(fmt::format("make the volume {} of {} bytes in the pool '{}'", name, bytes,
                                  kRemotePool));
    char* path = virStorageVolGetPath(volume);
    RemoteVolume out(volume, path ? path : "");
    std::free(path);
    if (out.path().empty()) return failed("tell where the volume " + name + " is");
    return out;
}

Result<RemoteVolume> RemotePool::empty(const std::string& name) {
    return create(name, 0, "0666");
}

Result<RemoteVolume> RemotePool::upload(const fs::path& file, const std::string& name,
                                        std::stop_token stop) {
    std::error_code error;
    const auto bytes = fs::file_size(file, error);
    std::ifstream in(file, std::ios::binary);
    if (error || !in)
        return fail(FaultDomain::Host, fmt::format("cannot read {}: {}", file.string(),
                                                   error ? error.message() : "no permission"));
    RIG_TRY(volume, create(name, bytes, "0644"));
    Stream up(virStorageVolGetConnect(volume.get()));
    up.open = up.stream && virStorageVolUpload(volume.get(), up.stream, 0, bytes, 0) == 0;
    if (!up.open) return failed("begin to upload " + name);
    std::string piece(kPiece, '\0');
    for (std::uintmax_t sent = 0; sent < bytes;) {
        if (stop.stop_requested())
            return fail(FaultDomain::Host, "interrupted while " + name + " was uploaded");
        in.read(piece.data(),
                static_cast<std::streamsize>(std::min<std::uintmax_t>(piece.size(), bytes - sent)));
        const auto n = static_cast<std::size_t>(in.gcount());
        if (n == 0)
            return fail(FaultDomain::Host,
                        fmt::format("{} became shorter while it was uploaded", file.string()));
        for (std::size_t done = 0; done < n;) {
            const int took = virStreamSend(up.stream, piece.data() + done, n - done);
            if (took < 0) return failed("upload " + name);
            done += static_cast<std::size_t>(took);
        }
        sent += n;
    }
    if (!up.finish()) return failed("upload the end of " + name);
    return std::move(volume);
}

Result<std::string> RemotePool::upload_once(const fs::path& file, const std::string& name,
                                            std::stop_token stop) {
    const std::lock_guard lock(uploads_mutex_);
    if (const auto found = uploads_.find(file); found != uploads_.end())
        return found->second.path();
    RIG_TRY(volume, upload(file, name, stop));
    return uploads_.emplace(file, std::move(volume)).first->second.path();
}

Result<RemoteFiles> RemoteFiles::stage(virConnectPtr connection, RemotePool& pool,
                                       const BootRequest& request, const std::string& name,
                                       std::stop_token stop) {
    auto there = request;
    RIG_TRY(kernel, pool.upload_once(request.kernel, name + "-kernel", stop));
    RIG_TRY(initrd, pool.upload(request.initrd, name + "-initrd", stop));
    RIG_TRY(console, pool.empty(name + "-console"));
    RIG_TRY(channel, pool.empty(name + "-channel"));
    there.kernel = kernel;
    there.initrd = initrd.path();
    there.console_log = console.path();
    there.channel = channel.path();
    return RemoteFiles(connection, std::move(there), std::move(initrd),
                       {std::move(console), request.console_log},
                       {std::move(channel), request.channel});
}

bool RemoteFiles::follow(Mirror& file) {
    virStorageVolInfo info{};
    if (virStorageVolGetInfo(file.volume.get(), &info) < 0) return false;
    if (info.capacity < file.have) {
        torn_ = true;
        return false;
    }
    if (info.capacity == file.have) return true;
    Stream down(connection_);
    down.open = down.stream && virStorageVolDownload(file.volume.get(), down.stream, file.have,
                                                     info.capacity - file.have, 0) == 0;
    if (!down.open) return false;
    std::ofstream out(file.local, std::ios::binary | std::ios::app);
    std::string piece(kPiece, '\0');
    for (;;) {
        const int n = virStreamRecv(down.stream, piece.data(), piece.size());
        if (n < 0) return false;
        if (n == 0) break;
        if (!out.write(piece.data(), n)) return false;
        file.have += static_cast<unsigned long long>(n);
    }
    return down.finish() && out.flush();
}

bool RemoteFiles::mirror() {
    const bool console = follow(console_), channel = follow(channel_);
    return console && channel;
}

} // namespace rig
