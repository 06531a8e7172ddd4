/* daemon.h - collectd's own headers, included here and nowhere else: their paths differ between releases and
 * distributions. They define PACKAGE, VERSION and much else; files that need no daemon do without them. */
#ifndef PROCTCP_COLLECTD_DAEMON_H
#define PROCTCP_COLLECTD_DAEMON_H

#if __has_include(<collectd/core/daemon/collectd.h>) /* Debian's collectd-dev */
#include <collectd/core/daemon/collectd.h>
#include <collectd/core/daemon/plugin.h>
#include <collectd/core/daemon/utils_complain.h>
#if __has_include(<collectd/core/utils/common/common.h>)
#include <collectd/core/utils/common/common.h>
#else
#include <collectd/core/daemon/common.h> /* before 5.9 */
#endif
#else /* a source tree: -Isrc -Isrc/daemon */
#include "collectd.h"
#include "plugin.h"
#include "utils_complain.h"
#if __has_include("utils/common/common.h")
#include "utils/common/common.h"
#else
#include "common.h"
#endif
#endif

#endif
