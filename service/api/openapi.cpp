#include "api/openapi.hpp"

// The text of openapi.json, which the assembler puts into the program as it is.
extern "C" {
extern const char fanfetch_openapi_begin[];
extern const char fanfetch_openapi_end[];
}

asm(R"(
    .section .rodata
    .global fanfetch_openapi_begin
    .global fanfetch_openapi_end
fanfetch_openapi_begin:
    .incbin ")" FANFETCH_OPENAPI_FILE R"("
fanfetch_openapi_end:
    .byte 0
    .previous
)");

namespace fanfetch {

std::string_view openapi_document() noexcept {
    return {fanfetch_openapi_begin, fanfetch_openapi_end};
}

}  // namespace fanfetch
