//! Memory as the system sees it.

/// Bytes of this process that are in memory; `NaN` where there is no `/proc`.
pub fn rss() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
        .and_then(|kilobytes| kilobytes.parse::<f64>().ok())
        .map_or(f64::NAN, |kilobytes| 1024.0 * kilobytes)
}
