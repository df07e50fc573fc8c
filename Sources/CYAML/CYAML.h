// libyaml (Debian: libyaml-dev), as the system has it.
#pragma once
#include <yaml.h>
