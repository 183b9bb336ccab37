//! A command beside the running service. One process writes in a data directory; `schakel serve` lends the store to a command that
//! asks for it over `DATA/control.sock`, stands still meanwhile, and goes on when the command has ended in whatever way.

use std::{
    fs,
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    time::Duration,
};

use schakel_store::data_dir::DataDir;

/// Whoever asks says at once what for; a peer that says nothing does not hold the service up.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);

/// Bytes of what a borrower says it is: the name of a command, for the log.
const NAME_BYTES_MAX: u64 = 200;

/// What the service answers when the store is the borrower's.
const GRANTED: &[u8] = b"yours\n";

/// The side that has the store.
pub struct Lender {
    listener: UnixListener,
    path: PathBuf,
}

/// A command that asks for the store.
pub struct Borrower {
    stream: UnixStream,
    /// Which command, as it says itself.
    pub name: String,
}

/// The store is lent for as long as this lives on the borrower's side.
pub struct Loan {
    stream: UnixStream,
}

fn socket(data: &DataDir) -> PathBuf {
    data.root().join("control.sock")
}

impl Lender {
    /// Listens. Only the process that holds the lock may call this: a socket that is there already was left by a crash.
    pub fn open(data: &DataDir) -> io::Result<Self> {
        let path = socket(data);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, path })
    }

    /// Somebody who asks, if there is one; never waits long.
    pub fn asked(&self) -> Option<Borrower> {
        let (stream, _) = self.listener.accept().ok()?;
        stream.set_nonblocking(false).ok()?;
        stream.set_read_timeout(Some(ASK_TIMEOUT)).ok()?;
        let name = read_line(&stream)?;
        Some(Borrower { stream, name })
    }
}

impl Drop for Lender {
    fn drop(&mut self) {
        // What stays behind after a crash is removed at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

fn read_line(stream: &UnixStream) -> Option<String> {
    let mut line = String::new();
    BufReader::new(stream.take(NAME_BYTES_MAX)).read_line(&mut line).ok()?;
    line.strip_suffix('\n').map(str::to_owned)
}

impl Borrower {
    /// Says that the store is theirs. The lock must be free by now.
    pub fn grant(mut self) -> io::Result<Loan> {
        self.stream.write_all(GRANTED)?;
        self.stream.set_nonblocking(true)?;
        Ok(Loan { stream: self.stream })
    }
}

impl Loan {
    /// Has the borrower ended?
    pub fn is_over(&mut self) -> bool {
        match self.stream.read(&mut [0; 64]) {
            Ok(0) => true,
            Ok(_) => false,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }
}

/// Asks the service for the store and waits until it is given; `None` when no service runs here.
pub fn borrow(data: &DataDir, name: &str) -> io::Result<Option<Loan>> {
    let mut stream = match UnixStream::connect(socket(data)) {
        Ok(stream) => stream,
        // Nobody listens: a command holds the lock, or the service has just stopped.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    writeln!(stream, "{name}")?;
    let mut answer = [0; GRANTED.len()];
    match stream.read_exact(&mut answer) {
        Ok(()) if answer == GRANTED => Ok(Some(Loan { stream })),
        Ok(()) => Err(io::Error::new(ErrorKind::InvalidData, "the service gives an answer that is none")),
        // It stopped instead of answering, and has let the lock go.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn asked(lender: &Lender) -> Borrower {
        loop {
            match lender.asked() {
                Some(borrower) => return borrower,
                None => thread::sleep(Duration::from_millis(5)),
            }
        }
    }

    #[test]
    fn a_loan_lasts_as_long_as_its_borrower() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        assert!(borrow(&data, "register import").unwrap().is_none(), "no service runs");
        let lender = Lender::open(&data).unwrap();
        assert!(lender.asked().is_none());
        thread::scope(|scope| {
            let borrowed = scope.spawn(|| borrow(&data, "register import").unwrap().unwrap());
            let borrower = asked(&lender);
            assert_eq!(borrower.name, "register import");
            let mut loan = borrower.grant().unwrap();
            let held = borrowed.join().unwrap();
            assert!(!loan.is_over());
            drop(held);
            while !loan.is_over() {
                thread::sleep(Duration::from_millis(5));
            }
        });
    }

    #[test]
    fn who_says_nothing_or_too_much_gets_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        let lender = Lender::open(&data).unwrap();
        let silent = UnixStream::connect(socket(&data)).unwrap();
        assert!(lender.asked().is_none());
        drop(silent);
        let mut endless = UnixStream::connect(socket(&data)).unwrap();
        endless.write_all(&[b'x'; 1_000]).unwrap();
        assert!(lender.asked().is_none());
    }

    #[test]
    fn a_socket_that_a_crash_left_behind_is_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::new(folder.path());
        drop(UnixListener::bind(socket(&data)).unwrap());
        assert!(borrow(&data, "tell").unwrap().is_none());
        let lender = Lender::open(&data).unwrap();
        drop(lender);
        assert!(!socket(&data).exists());
    }
}
