/* A libnvidia-ml.so.1 of GPUs that idle at 121 W with a context: its energy counter moves every
   100 ms, and a call takes 1.2 ms. Time stands in a file of one int64, in ns, which calls move on.
   FAKE_NVML_CLOCK names it; FAKE_NVML_TELLS is energy, instant or average; FAKE_NVML_GPUS a number;
   FAKE_NVML_LOST makes all GPUs be lost from a time on. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define STEP_NS 100000000LL
#define CALL_NS 1200000LL
#define MILLIWATTS 121000LL
#define NOT_SUPPORTED 3
#define INVALID_ARGUMENT 2
#define GPU_IS_LOST 15
#define POWER_INSTANT 186

typedef struct {
    uint32_t field, scope;
    int64_t timestamp, latency;
    int type, status;
    union { double d; unsigned u; unsigned long long ull; } value;
} field_value;

static int64_t *now_ns(void) {
    static int64_t *clock = NULL;
    if (clock == NULL) {
        int file = open(getenv("FAKE_NVML_CLOCK"), O_RDWR);
        clock = mmap(NULL, sizeof *clock, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    return clock;
}

static int asked(void) {
    const char *lost = getenv("FAKE_NVML_LOST");
    *now_ns() += CALL_NS;
    return lost != NULL && *now_ns() > atoll(lost) ? GPU_IS_LOST : 0;
}

static int tells(const char *what) { return strcmp(getenv("FAKE_NVML_TELLS"), what) == 0; }

static unsigned gpus(void) {
    const char *count = getenv("FAKE_NVML_GPUS");
    return count == NULL ? 1 : (unsigned)atoi(count);
}

int nvmlInitWithFlags(unsigned flags) { return 0; }
int nvmlShutdown(void) { return 0; }
const char *nvmlErrorString(int code) { return code == GPU_IS_LOST ? "GPU is lost" : "error"; }

int nvmlDeviceGetCount_v2(unsigned *count) {
    *count = gpus();
    return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
    if (index >= gpus()) return INVALID_ARGUMENT;
    *device = (void *)(intptr_t)(index + 1);
    return 0;
}

int nvmlDeviceGetName(void *device, char *name, unsigned length) {
    snprintf(name, length, "Fake H200");
    return 0;
}

int nvmlDeviceGetUUID(void *device, char *uuid, unsigned length) {
    snprintf(uuid, length, "GPU-%d", (int)(intptr_t)device - 1);
    return 0;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *millijoules) {
    int status = asked();
    if (!tells("energy")) return NOT_SUPPORTED;
    int64_t phase_ns = 37000000LL * (intptr_t)device; /* GPUs step at times of their own */
    int64_t steps = (*now_ns() - phase_ns) / STEP_NS;
    *millijoules = (unsigned long long)(steps * MILLIWATTS / 10) * (unsigned)(intptr_t)device;
    return status;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
    int status = asked();
    *milliwatts = MILLIWATTS;
    return status;
}

int nvmlDeviceGetFieldValues(void *device, int count, field_value *values) {
    int status = asked();
    for (int i = 0; i < count; i++) {
        int known = values[i].field == POWER_INSTANT && tells("instant");
        values[i].status = known ? 0 : NOT_SUPPORTED;
        values[i].value.u = MILLIWATTS;
    }
    return status;
}
