//! What the system says about this process and this machine. Everything is read from /proc; where there is none, nothing is said.

use std::{fs, path::Path, thread};

/// Linux has counted processor time for programs in hundredths of a second since ever (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// The most memory this process has had, in bytes.
pub fn peak_memory_bytes() -> Option<u64> {
    Some(number_in("/proc/self/status", "VmHWM:")? * 1024)
}

/// Processor time this process has used, in seconds. Unlike the time on the clock it hardly depends on what else the machine does.
pub fn cpu_seconds() -> Option<f64> {
    ticks(&fs::read_to_string("/proc/self/stat").ok()?).map(|ticks| ticks as f64 / TICKS_PER_SECOND)
}

/// User and system time in a line of /proc/PID/stat: fields 14 and 15, and the second, the name, may hold spaces.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
}

/// Bytes this process has caused to be written to disk.
pub fn written_bytes() -> Option<u64> {
    number_in("/proc/self/io", "write_bytes:")
}

/// The first number behind `name` in a file of names and values.
fn number_in(path: &str, name: &str) -> Option<u64> {
    value(&fs::read_to_string(path).ok()?, name)?.split_whitespace().next()?.parse().ok()
}

fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name))
}

/// The load average over a minute.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// Processors, and the file system at `folder`: `2 cores of AMD EPYC, ext4`.
pub fn machine(folder: &Path) -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = value(&info, "model name").map_or("", |text| text.trim_start_matches([' ', '\t', ':']));
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let file_system = file_system(&mounts, folder).unwrap_or("unknown file system");
    let of = if model.is_empty() { String::new() } else { format!(" of {model}") };
    format!("{cores} cores{of}, {file_system}")
}

/// The kind of the file system that is mounted nearest above `folder`.
fn file_system<'m>(mounts: &'m str, folder: &Path) -> Option<&'m str> {
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?, words.next()?))
    });
    mounts.filter(|(at, _)| folder.starts_with(at)).max_by_key(|(at, _)| at.len()).map(|(_, kind)| kind)
}

/// The size of all files in a folder.
pub fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_says_the_file_system() {
        let mounts = "/dev/vda / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\n/dev/vdb /tmp/disk xfs rw 0 0\n";
        assert_eq!(file_system(mounts, Path::new("/tmp/disk/a")), Some("xfs"));
        assert_eq!(file_system(mounts, Path::new("/tmp/other")), Some("tmpfs"));
        assert_eq!(file_system(mounts, Path::new("/home")), Some("ext4"));
    }

    #[test]
    fn processor_time_stands_behind_the_name() {
        assert_eq!(ticks("12 (a ) b) R 1 2 3 4 5 6 7 8 9 10 30 12 0 0 20"), Some(42));
        assert_eq!(ticks("12 (a"), None);
    }

    #[test]
    fn a_value_is_found_by_its_name() {
        assert_eq!(value("VmPeak:\t 9 kB\nVmHWM:\t  5 kB\n", "VmHWM:"), Some("\t  5 kB"));
    }

    #[test]
    fn a_folder_weighs_what_its_files_weigh() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inner")).unwrap();
        fs::write(folder.path().join("a"), [0; 10]).unwrap();
        fs::write(folder.path().join("inner/b"), [0; 5]).unwrap();
        assert_eq!(folder_bytes(folder.path()), 15);
    }
}
