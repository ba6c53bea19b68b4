//! Files that hold a secret, readable by their owner alone.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

/// Returns the content of `file`; if there is none, writes what `create` returns.
///
/// # Errors
/// Says why the file cannot be read or written, or the error of `create`.
pub(crate) fn read_or_create(
    file: &Path,
    create: impl FnOnce() -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("could not use {}: {error}", file.display());
    match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let content = create()?;
            fs::write(file, &content).map_err(failed)?;
            #[cfg(unix)]
            fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
                .map_err(failed)?;
            Ok(content)
        }
        read => read.map_err(failed),
    }
}
