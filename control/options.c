/* Choices that several verbs' options share. */
#include "control/umbractl.h"

const char *const ctl_outputs[] = {"table", "json", NULL};
