// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/base/sha256.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <openssl/evp.h>
#include <vector>

namespace rig {

namespace fs = std::filesystem;

namespace {

class Hash {
 public:
    Hash() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
    }
    void add(std::string_view data) { EVP_DigestUpdate(context_.get(), data.data(), data.size()); }
    std::string hex() {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        unsigned length = 0;
        EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
        std::string out;
        for (unsigned i = 0; i < length; ++i)
            out += fmt::format("{:02x}", digest[i]);
        return out;
    }

 private:
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

} // namespace

std::string sha256_hex(std::string_view data) {
    Hash hash;
    hash.add(data);
    return hash.hex();
}

Result<std::string> sha256_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return fail(FaultDomain::Host,
                    fmt::format("cannot read {}: {}", file.string(), std::strerror(errno)));
    Hash hash;
    std::vector<char> buffer(1 << 20);
    while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0)
        hash.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
    if (in.bad()) return fail(FaultDomain::Host, fmt::format("cannot read {}", file.string()));
    return hash.hex();
}

} // namespace rig
