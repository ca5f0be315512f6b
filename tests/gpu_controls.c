/* A libnvidia-ml.so.1 of two GPUs whose power limit and clock can be set; a file keeps them.
   FAKE_GPU_STATE names it: a struct state for each GPU. FAKE_GPU_ROOT=0: this user may set nothing.
   FAKE_GPU_STUBBORN=1: what is set is taken, and has no effect. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define GPUS 2
#define INVALID_ARGUMENT 2
#define NO_PERMISSION 4
#define INSUFFICIENT_SIZE 7
#define TOP_MHZ 1980
#define STEP_MHZ 15
#define CLOCKS 119
#define LEAST_MW 100000u
#define MOST_MW 350000u

struct state { uint32_t limit_mw, locked_mhz; };

static struct state *of(void *device) {
    static struct state *states = NULL;
    if (states == NULL) {
        int file = open(getenv("FAKE_GPU_STATE"), O_RDWR);
        states = mmap(NULL, GPUS * sizeof *states, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    return states + (intptr_t)device - 1;
}

static int is(const char *name, const char *word) {
    const char *said = getenv(name);
    return said != NULL && strcmp(said, word) == 0;
}

static int refused(void) { return is("FAKE_GPU_ROOT", "0") ? NO_PERMISSION : 0; }

int nvmlInitWithFlags(unsigned flags) { return 0; }
int nvmlShutdown(void) { return 0; }

const char *nvmlErrorString(int code) {
    return code == NO_PERMISSION ? "Insufficient Permissions" : "Invalid Argument";
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (index >= GPUS) return INVALID_ARGUMENT;
    *device = (void *)(intptr_t)(index + 1);
    return 0;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
    return strcmp(uuid, "GPU-second") ? INVALID_ARGUMENT : nvmlDeviceGetHandleByIndex_v2(1, device);
}

int nvmlDeviceGetPowerManagementLimitConstraints(void *device, unsigned *least, unsigned *most) {
    *least = LEAST_MW;
    *most = MOST_MW;
    return 0;
}

int nvmlDeviceGetPowerManagementDefaultLimit(void *device, unsigned *limit) {
    *limit = 300000;
    return 0;
}

int nvmlDeviceGetPowerManagementLimit(void *device, unsigned *limit) {
    *limit = of(device)->limit_mw;
    return 0;
}

int nvmlDeviceSetPowerManagementLimit(void *device, unsigned limit) {
    if (refused()) return refused();
    if (limit < LEAST_MW || limit > MOST_MW) return INVALID_ARGUMENT;
    if (!is("FAKE_GPU_STUBBORN", "1")) of(device)->limit_mw = limit;
    return 0;
}

int nvmlDeviceGetSupportedMemoryClocks(void *device, unsigned *count, unsigned *mhz) {
    unsigned room = *count;
    *count = 2;
    if (room < 2) return INSUFFICIENT_SIZE;
    mhz[0] = 2619;
    mhz[1] = 1593;
    return 0;
}

int nvmlDeviceGetSupportedGraphicsClocks(void *device, unsigned memory, unsigned *count,
                                         unsigned *mhz) {
    unsigned room = *count;
    if (memory != 2619) return INVALID_ARGUMENT;
    *count = CLOCKS;
    if (room < CLOCKS) return INSUFFICIENT_SIZE;
    for (unsigned i = 0; i < CLOCKS; i++) mhz[i] = TOP_MHZ - STEP_MHZ * i;
    return 0;
}

int nvmlDeviceGetClockInfo(void *device, int kind, unsigned *mhz) {
    unsigned locked = of(device)->locked_mhz;
    *mhz = locked ? locked : TOP_MHZ;
    return 0;
}

int nvmlDeviceSetGpuLockedClocks(void *device, unsigned least, unsigned most) {
    if (refused()) return refused();
    if (!is("FAKE_GPU_STUBBORN", "1")) of(device)->locked_mhz = most;
    return least > most ? INVALID_ARGUMENT : 0;
}

int nvmlDeviceResetGpuLockedClocks(void *device) {
    if (refused()) return refused();
    of(device)->locked_mhz = 0;
    return 0;
}
