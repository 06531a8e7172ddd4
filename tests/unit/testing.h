/* testing.h - cmocka with what it needs before it. */
#ifndef PROCTCP_TESTING_H
#define PROCTCP_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
