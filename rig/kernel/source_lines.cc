// SPDX-License-Identifier: GPL-2.0-or-later
#include "rig/kernel/source_lines.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <initializer_list>
#include <utility>

namespace rig {
namespace {

struct Token {
    unsigned line = 0;
    std::string_view text; // a word or number, one character, or a whole string
};

struct Lexed {
    std::vector<SourceLine> lines; // kinds only
    std::vector<Token> tokens;     // of code
};

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
}

class Lexer {
 public:
    explicit Lexer(std::string_view text) : text_(text) {
        const auto ends = std::count(text.begin(), text.end(), '\n');
        lines_.resize(static_cast<std::size_t>(ends) + (text.ends_with('\n') ? 0 : 1));
        if (text.empty()) lines_.clear();
    }

    Lexed run() {
        while (at_ < text_.size())
            step();
        return {std::move(lines_), std::move(tokens_)};
    }

 private:
    char peek(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }
    bool continued() const { // a backslash at the end of a line
        return peek() == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'));
    }
    void mark(LineKind kind) {
        if (line_ == 0 || line_ > lines_.size()) return;
        auto& now = lines_[line_ - 1].kind;
        now = std::max(now, kind); // in the order of the enumeration
    }
    void next_line() {
        ++line_;
        fresh_ = !directive_;
        if (directive_) mark(kind_of_directive_);
    }
    void take() {
        if (text_[at_] == '\n') next_line();
        ++at_;
    }
    void comment() {
        const bool block = peek(1) == '*';
        at_ += 2;
        mark(LineKind::Comment);
        while (at_ < text_.size()) {
            if (block && peek() == '*' && peek(1) == '/') {
                at_ += 2;
                return;
            }
            if (!block && peek() == '\n') return;
            if (!block && continued()) ++at_;
            take();
            if (at_ < text_.size() && peek() != '\n' && peek() != '\r') mark(LineKind::Comment);
        }
    }
    void code(std::size_t begin, unsigned line) {
        if (!directive_ && at_ > begin) tokens_.push_back({line, text_.substr(begin, at_ - begin)});
    }
    void quoted() {
        const char quote = peek();
        auto begin = at_;
        auto line = line_;
        ++at_;
        while (at_ < text_.size() && peek() != quote && peek() != '\n') {
            if (peek() == '\\' && at_ + 1 < text_.size()) {
                const bool ends = continued();
                if (ends && peek(1) == '\r') ++at_;
                ++at_;
                if (ends) { // the rest is a token of the next line
                    code(begin, line);
                    take();
                    begin = at_;
                    line = line_;
                    mark(directive_ ? kind_of_directive_ : LineKind::Code);
                    continue;
                }
            }
            take();
        }
        if (peek() == quote) ++at_;
        code(begin, line);
    }
    void step() {
        const char c = peek();
        if (c == '\n') {
            directive_ = false;
            take();
            return;
        }
        if (continued()) {
            ++at_;
            if (peek() == '\r') ++at_;
            take();
            fresh_ = false;
            return;
        }
        if (std::isspace(static_cast<unsigned char>(c))) {
            ++at_;
            return;
        }
        if (c == '/' && (peek(1) == '*' || peek(1) == '/')) {
            comment();
            return;
        }
        if (c == '#' && fresh_ && !directive_) {
            auto word = at_ + 1;
            while (word < text_.size() && (text_[word] == ' ' || text_[word] == '\t'))
                ++word;
            auto kind =
                text_.substr(word).starts_with("define") ? LineKind::Macro : LineKind::Directive;
            directive_ = true;
            kind_of_directive_ = kind;
            mark(kind);
            ++at_;
            return;
        }
        fresh_ = false;
        mark(directive_ ? kind_of_directive_ : LineKind::Code);
        if (c == '"' || c == '\'') {
            quoted();
            return;
        }
        const auto begin = at_;
        const auto line = line_;
        ++at_;
        if (is_word(c))
            while (at_ < text_.size() && is_word(peek()))
                ++at_;
        else if (c == '=' && peek() == '=')
            ++at_; // no assignment
        code(begin, line);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    unsigned line_ = 1;
    bool fresh_ = true; // nothing but blanks and comments in this line so far
    bool directive_ = false;
    LineKind kind_of_directive_ = LineKind::Directive;
    std::vector<SourceLine> lines_;
    std::vector<Token> tokens_;
};

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// Tokens of one line: nothing from which code is made by itself?
bool only_marks(const std::vector<Token>& tokens, std::size_t first, std::size_t end) {
    for (auto at = first; at < end; ++at) {
        const auto word = tokens[at].text;
        if (one_of(word, {"{", "}", ")", "(", ";", "else", "do"})) continue;
        // "default:" and "label:", and "case A ... B:", which end in a colon.
        const bool is_case = word == "case" || word == "default";
        if (!is_case && !(is_word(word[0]) && at + 1 < end && tokens[at + 1].text == ":"))
            return false;
        while (at < end && tokens[at].text != ":")
            ++at;
        if (at == end) return false;
    }
    return true;
}

// Follows brackets through a file.
class Places {
 public:
    explicit Places(std::size_t lines) : places_(lines) {}

    void take(const Token& token) {
        if (depth_ == 0)
            outside(token);
        else
            inside(token);
        previous_ = token.text;
    }
    std::vector<SourcePlace> result() && { return std::move(places_); }

 private:
    void outside(const Token& token) {
        if (nested_ > 0) { // in a type or an initialiser
            nested_ += token.text == "{" ? 1 : token.text == "}" ? -1 : 0;
            return;
        }
        if (first_ == 0) {
            first_ = token.line;
            name_ = {};
            equals_ = false;
        }
        if (token.text == "(" && parens_++ == 0 && name_.empty() && !previous_.empty() &&
            is_word(previous_[0]) &&
            !one_of(previous_, {"__attribute__", "__declspec", "_Alignas"}))
            name_ = previous_;
        if (token.text == ")" && parens_ > 0) --parens_;
        if (parens_ > 0) return;
        if (token.text == "=") equals_ = true;
        if (token.text == ";") first_ = 0;
        if (token.text != "{") return;
        if (!equals_ && previous_ == ")" && !name_.empty()) {
            depth_ = 1;
            body_ = token.line;
            begin_statement();
        } else {
            nested_ = 1;
        }
    }
    void begin_statement() {
        statement_ = 0;
        words_ = 0;
        control_ = assigns_ = label_ = false;
        within_ = 0;
    }
    void inside(const Token& token) {
        const auto text = token.text;
        if (text == "}" && within_ == 0) {
            if (--depth_ == 0) {
                close(token.line);
                return;
            }
            begin_statement();
            return;
        }
        if (statement_ == 0) {
            if (text == "{") {
                ++depth_;
                return;
            }
            statement_ = token.line;
            control_ = one_of(text, {"if", "while", "for", "switch"});
            label_ = one_of(text, {"case", "default"});
        }
        ++words_;
        auto& place = at(token.line);
        if (place.statement == 0) place.statement = statement_;
        const bool block = text == "{" && within_ == 0 && !assigns_ && previous_ != "(";
        if (block) { // "struct x {" too, whose members are then statements
            ++depth_;
            begin_statement();
            return;
        }
        if (one_of(text, {"(", "[", "{"})) ++within_;
        if (one_of(text, {")", "]", "}"}) && within_ > 0) --within_;
        if (within_ > 0) return;
        if (text == "=") assigns_ = true;
        const bool ends = text == ";" || (control_ && text == ")") ||
                          (words_ == 1 && one_of(text, {"else", "do"})) ||
                          (text == ":" && (label_ || words_ == 2));
        if (ends) begin_statement();
    }
    SourcePlace& at(unsigned line) { return places_[line - 1]; }
    void close(unsigned last) {
        for (auto line = first_; line <= last; ++line) {
            auto& place = at(line);
            place.function = name_;
            place.first = first_;
            place.last = last;
            place.signature = line < body_;
        }
        first_ = 0;
        parens_ = 0;
    }

    std::vector<SourcePlace> places_;
    std::string_view previous_;
    // Outside of functions: the declaration that is being read.
    unsigned first_ = 0;
    std::string_view name_;
    bool equals_ = false;
    int parens_ = 0, nested_ = 0;
    // In a function: depth of blocks, and the statement that is being read.
    int depth_ = 0, within_ = 0;
    unsigned body_ = 0, statement_ = 0, words_ = 0;
    bool control_ = false, assigns_ = false, label_ = false;
};

} // namespace

std::vector<SourceLine> source_lines(std::string_view text) {
    auto [lines, tokens] = Lexer(text).run();
    for (std::size_t first = 0, end = 0; first < tokens.size(); first = end) {
        while (end < tokens.size() && tokens[end].line == tokens[first].line)
            ++end;
        auto& line = lines[tokens[first].line - 1];
        line.marks_only = only_marks(tokens, first, end);
        line.assigns = std::any_of(tokens.begin() + static_cast<std::ptrdiff_t>(first),
                                   tokens.begin() + static_cast<std::ptrdiff_t>(end),
                                   [](const Token& token) { return token.text == "="; });
    }
    return lines;
}

std::vector<SourcePlace> source_places(std::string_view text,
                                       const std::function<bool(unsigned line)>& kept) {
    const auto lexed = Lexer(text).run();
    Places places(lexed.lines.size());
    for (const auto& token : lexed.tokens)
        if (kept(token.line)) places.take(token);
    return std::move(places).result();
}

} // namespace rig
