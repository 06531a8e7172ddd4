/* plugin.c - what collectd calls: configure, start, read, stop. Knows the daemon's conventions; what a block does is
 * instance.c's business. */
#include "daemon.h"

#include "instance.h"
#include "options.h"
#include "scans.h"
#include "settings.h"

#include <errno.h>

#define NAME "proctcp"

/* The one mutable object of the plugin: the daemon hands no pointer to the callbacks that configure, start and stop. */
static struct plugin {
    struct instance **instances;
    size_t count;
    const char **prefixes; /* of the instances, up to NULL */
    struct scans scans;
} plugin;

static bool is_taken(const char *name)
{
    for (size_t i = 0; i < plugin.count; i++) {
        if (strcmp(instance_name(plugin.instances[i]), name) == 0)
            return true;
    }
    return false;
}

/* Values of two blocks must not have one name. A second block without a name gets its number. */
static void name_block(struct settings *settings)
{
    char asked[INSTANCE_SIZE];

    if (!is_taken(settings->name))
        return;
    memcpy(asked, settings->name, sizeof(asked));
    for (size_t number = plugin.count + 1; is_taken(settings->name); number++)
        snprintf(settings->name, sizeof(settings->name), "%zu", number);
    if (*asked)
        P_WARNING("Instance \"%s\" is the name of two <Plugin " NAME
                  "> blocks: values of this one begin with \"%s-\"; "
                  "give it another name",
                  asked, settings->name);
    else
        P_NOTICE("a further <Plugin " NAME
                 "> block without a name: its values begin with \"%s-\"; Instance \"...\" in "
                 "the block gives it a name that stays when blocks are added",
                 settings->name);
}

/* Takes settings over. */
static int add_block(struct settings *settings)
{
    struct instance **more = realloc(plugin.instances, (plugin.count + 1) * sizeof(struct instance *));
    struct instance *instance = NULL;

    if (more) {
        plugin.instances = more;
        name_block(settings);
        if (settings_finish(settings) == 0)
            instance = instance_new(settings);
    }
    if (!instance) {
        settings_free(settings);
        P_ERROR("out of memory");
        return -ENOMEM;
    }
    more[plugin.count++] = instance;
    return 0;
}

static int configure(oconfig_item_t *block)
{
    struct settings settings;

    if (settings_new(&settings) < 0) {
        P_ERROR("out of memory");
        return -1;
    }
    options_take(&settings, block);
    /* Anything else would keep the whole daemon from starting. */
    (void)add_block(&settings);
    return 0;
}

static int read_once(user_data_t *user_data)
{
    return instance_read(user_data->data);
}

/* Those that need most of a scan come first, so that the others may share it. */
static void join_scans(bool listeners)
{
    for (size_t i = 0; i < plugin.count; i++) {
        if (instance_needs_listeners(plugin.instances[i]) == listeners)
            instance_join(plugin.instances[i], &plugin.scans);
    }
}

static int start_block(struct instance *instance)
{
    user_data_t user_data = {.data = instance};
    char name[64];
    int error = instance_start(instance, plugin.prefixes, plugin_get_interval());

    if (error) {
        P_ERROR("cannot prepare to scan: %s", strerror(-error));
        return error;
    }
    snprintf(name, sizeof(name), NAME "%s%s", *instance_name(instance) ? "-" : "", instance_name(instance));
    return plugin_register_complex_read(NULL, name, read_once, instance_interval(instance), &user_data);
}

static int start(void)
{
    struct settings defaults;
    size_t started = 0;

    if (plugin.count == 0 && settings_new(&defaults) == 0)
        (void)add_block(&defaults);
    plugin.prefixes = calloc(plugin.count + 1, sizeof(*plugin.prefixes));
    if (!plugin.prefixes || plugin.count == 0)
        return -1;
    for (size_t i = 0, named = 0; i < plugin.count; i++) {
        if (*instance_name(plugin.instances[i]))
            plugin.prefixes[named++] = instance_prefix(plugin.instances[i]);
    }
    join_scans(true);
    join_scans(false);
    for (size_t i = 0; i < plugin.count; i++)
        started += start_block(plugin.instances[i]) == 0;
    return started ? 0 : -1;
}

static int stop(void)
{
    for (size_t i = 0; i < plugin.count; i++)
        instance_stop(plugin.instances[i]);
    scans_cancel(&plugin.scans);
    for (size_t i = 0; i < plugin.count; i++)
        instance_wait(plugin.instances[i]);
    scans_free(&plugin.scans); /* their settings are those of instances */
    for (size_t i = 0; i < plugin.count; i++)
        instance_free(plugin.instances[i]);
    free(plugin.instances);
    free(plugin.prefixes);
    plugin = (struct plugin){.count = 0};
    return 0;
}

__attribute__((visibility("default"))) void module_register(void)
{
    plugin_register_complex_config(NAME, configure);
    plugin_register_init(NAME, start);
    plugin_register_shutdown(NAME, stop);
}
