/* replay.c - runs a fuzz entry over the files of directories, in place of the fuzzer. A crash is the failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) || !S_ISREG(status.st_mode)) {
        if (file)
            fclose(file);
        return 0;
    }
    uint8_t *data = malloc((size_t)status.st_size + 1); /* of its very size, so that a read past the end is seen */
    uint8_t *exact = data ? realloc(data, status.st_size ? (size_t)status.st_size : 1) : NULL;
    if (!exact || fread(exact, 1, (size_t)status.st_size, file) != (size_t)status.st_size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(1);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(exact, (size_t)status.st_size);
    free(exact);
    return 1;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        const struct dirent *entry;
        char path[4096];
        while (directory && (entry = readdir(directory))) {
            snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            count += replay(path);
        }
        if (directory)
            closedir(directory);
    }
    printf("%s: %d passed, %d failed\n", argv[0], count, count == 0);
    return count == 0;
}
