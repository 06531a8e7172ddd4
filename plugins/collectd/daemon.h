/* daemon.h - collectd's own headers, included here and nowhere else: their paths differ between releases and
 * distributions. They define PACKAGE, VERSION and much else; files that need no daemon do without them. */
#ifndef PROCTCP_COLLECTD_DAEMON_H
#define PROCTCP_COLLECTD_DAEMON_H

/* A source tree that is given with -I (src and src/daemon of it) goes before what is installed. */
#if __has_include("collectd.h")
#include "collectd.h"
#include "plugin.h"
#if __has_include("utils/common/common.h")
#include "utils/common/common.h"
#else
#include "common.h" /* before 5.9 */
#endif
#include "utils_complain.h"
#else /* Debian's collectd-dev */
#include <collectd/core/daemon/collectd.h>
#include <collectd/core/daemon/plugin.h>
#include <collectd/core/daemon/utils_complain.h>
#include <collectd/core/utils/common/common.h>
#endif

#endif
