// Stands in for libFuzzer where there is none: gives a fuzz target every file of the folders named
// on the command line, and what is left of each when it is cut short. Fails when there is none.

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
    int files = 0;
    for (int i = 1; i < count; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator{arguments[i]}) {
            std::ifstream in{entry.path(), std::ios::binary};
            const std::vector<char> text{std::istreambuf_iterator<char>{in}, {}};
            std::vector<std::uint8_t> bytes{text.begin(), text.end()};
            for (; !bytes.empty(); bytes.resize(bytes.size() / 2)) {
                LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
            }
            ++files;
        }
    }
    LLVMFuzzerTestOneInput(nullptr, 0);
    std::printf("%d seeds\n", files);
    return files > 0 ? 0 : 1;
}
