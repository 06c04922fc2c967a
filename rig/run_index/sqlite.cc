// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/run_index/sqlite.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rig {
namespace {

tl::unexpected<Error> failed(sqlite3* database, int code, const std::string& file,
                             std::string_view what) {
    Error error{FaultDomain::Host,
                fmt::format("cannot {} {}: {}", what, file,
                            database ? sqlite3_errmsg(database) : sqlite3_errstr(code)),
                file};
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        error.kind = kDamagedDatabase;
    return tl::unexpected(std::move(error));
}

} // namespace

void Statement::bind(std::string_view text) {
    // Do not pass a null pointer: that would bind NULL, which differs from an empty text.
    sqlite3_bind_text64(statement_.get(), ++parameter_, text.empty() ? "" : text.data(),
                        text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}
void Statement::bind(std::int64_t number) {
    sqlite3_bind_int64(statement_.get(), ++parameter_, number);
}
void Statement::bind(double number) {
    sqlite3_bind_double(statement_.get(), ++parameter_, number);
}
void Statement::bind_null() {
    sqlite3_bind_null(statement_.get(), ++parameter_);
}
void Statement::bind(const std::vector<std::string>& texts) {
    bind(nlohmann::json(texts).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

Result<bool> Statement::step() {
    column_ = 0;
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    return failed(sqlite3_db_handle(statement_.get()), code, file_, "read or write");
}

Status Statement::run() {
    auto stepped = step();
    reset();
    if (!stepped) return tl::unexpected(stepped.error());
    return {};
}

void Statement::reset() {
    sqlite3_reset(statement_.get());
    parameter_ = column_ = 0;
}

void Statement::read(std::string& text) {
    const auto* bytes =
        reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column_));
    text = bytes ? std::string(bytes, static_cast<std::size_t>(
                                          sqlite3_column_bytes(statement_.get(), column_)))
                 : std::string();
    ++column_;
}
void Statement::read(std::int64_t& number) {
    number = sqlite3_column_int64(statement_.get(), column_++);
}
void Statement::read(std::uint64_t& number) {
    number = static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column_++));
}
void Statement::read(unsigned& number) {
    number = static_cast<unsigned>(sqlite3_column_int64(statement_.get(), column_++));
}
void Statement::read(bool& yes) {
    yes = sqlite3_column_int64(statement_.get(), column_++) != 0;
}
void Statement::read(double& number) {
    number = sqlite3_column_double(statement_.get(), column_++);
}
void Statement::read(std::vector<std::string>& texts) {
    std::string text;
    read(text);
    texts.clear();
    // bind() wrote a JSON array; anything else reads as an empty list.
    const auto parsed = nlohmann::json::parse(text, nullptr, false);
    if (!parsed.is_array()) return;
    for (const auto& one : parsed)
        if (one.is_string()) texts.push_back(one.get<std::string>());
}

Result<Database> Database::open(const std::filesystem::path& file, std::chrono::milliseconds busy) {
    Database out;
    out.file_ = file.string();
    sqlite3* database = nullptr;
    const int code = sqlite3_open_v2(out.file_.c_str(), &database,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    out.database_.reset(database);
    if (code != SQLITE_OK) return failed(database, code, out.file_, "open");
    sqlite3_busy_timeout(database, static_cast<int>(busy.count()));
    sqlite3_extended_result_codes(database, 1);
    return out;
}

Status Database::execute(const std::string& sql) {
    if (const int code = sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
        code != SQLITE_OK)
        return failed(database_.get(), code, file_, "read or write");
    return {};
}

Result<Statement> Database::prepare(const std::string& sql) const {
    Statement out;
    out.file_ = file_;
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(database_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
    out.statement_.reset(statement);
    if (code != SQLITE_OK) return failed(database_.get(), code, file_, "read or write");
    return out;
}

Result<std::int64_t> Database::number(const std::string& sql) const {
    RIG_TRY(statement, prepare(sql));
    RIG_TRY(row, statement.step());
    std::int64_t value = 0;
    if (row) statement.read(value);
    return value;
}

Status Database::transaction(const std::function<Status()>& work) {
    RIG_CHECK(execute("BEGIN IMMEDIATE"));
    auto status = work();
    if (status) status = execute("COMMIT");
    if (!status)
        sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr,
                     nullptr); // report the original error
    return status;
}

} // namespace rig
