#include "cli/command_line.hpp"

int main(int argc, char** argv) { return fanfetch::run_command_line(argc, argv); }
