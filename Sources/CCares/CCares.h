// c-ares (Debian: libc-ares-dev), as the system has it.
#pragma once
#include <ares.h>
