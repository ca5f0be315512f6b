"""cpufreq files as intel_pstate in active mode shows them: no userspace governor."""

PSTATE = {
    "scaling_governor": "powersave",
    "scaling_available_governors": "performance powersave",
    "scaling_min_freq": "800000",
    "scaling_max_freq": "3000000",
    "cpuinfo_min_freq": "800000",
    "cpuinfo_max_freq": "3000000",
    "scaling_cur_freq": "3000000",
}
