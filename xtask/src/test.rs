//! Every test, and what the tests need from the machine.

use std::{fs, path::Path};

use crate::{
    peers,
    run::{Outcome, cargo, command, metadata, output, root, run, succeeds},
};

/// Where pictures of the portal's pages are kept, for whoever looks at what a run of the tests saw.
const PICTURES: &str = "target/pictures";

/// A Debian package that some tests need.
struct Need {
    /// The package.
    package: &'static str,
    /// A program that is there when the package is.
    program: &'static str,
    /// Answers given to the package's questions, so that installing it starts nothing.
    preseed: &'static str,
    /// Which tests skip without it.
    tests: &'static str,
}

const NEEDS: &[Need] = &[
    Need {
        package: "postfix",
        program: "/usr/sbin/postfix",
        // The tests run a Postfix of their own on loopback; the machine must not become a mail server.
        preseed: "postfix postfix/main_mailer_type select No configuration\n",
        tests: "the mail tests against a real Postfix",
    },
    Need {
        package: "knot",
        program: "/usr/sbin/knotd",
        preseed: "",
        tests: "the proofs of claims against a real name server",
    },
    Need {
        package: "gnupg",
        program: "/usr/bin/gpg",
        preseed: "",
        tests: "the tests of sealed mail against GnuPG",
    },
    Need {
        package: "openssl",
        program: "/usr/bin/openssl",
        preseed: "",
        tests: "the tests of sealed mail against OpenSSL",
    },
    Need {
        package: "swaks",
        program: "/usr/bin/swaks",
        preseed: "",
        tests: "the tests of the door for mail with the testers' own client",
    },
    Need {
        package: "dovecot-imapd",
        program: "/usr/sbin/dovecot",
        preseed: "",
        tests: "the tests of fetching mail from a real mailbox",
    },
    Need {
        package: "opendkim",
        program: "/usr/sbin/opendkim",
        preseed: "",
        tests: "the tests of our DKIM signatures against OpenDKIM",
    },
    Need {
        package: "python3-cryptography",
        program: "/usr/lib/python3/dist-packages/cryptography",
        preseed: "",
        tests: "the test of the Python in the manual that checks what a webhook gets",
    },
    Need {
        package: "nodejs",
        program: "/usr/bin/node",
        preseed: "",
        tests: "the tests of the portal in a browser",
    },
    Need {
        package: "npm",
        program: "/usr/bin/npm",
        preseed: "",
        tests: "the tests of the portal in a browser",
    },
    Need {
        package: "chromium",
        program: "/usr/bin/chromium",
        preseed: "",
        tests: "the tests of the portal in a browser",
    },
];

/// Installs what is missing where we may, then runs everything.
pub fn test() -> Outcome {
    install_needs()?;
    let peers = peers::install();
    // Programs and tests in one go: black box tests start the program, and one build settles one set of features.
    run(&mut cargo(&["build", "--workspace", "--bins", "--tests"]))?;
    let program = program_path()?;
    let pictures = root().join(PICTURES);
    if succeeds(&mut cargo(&["nextest", "--version"])) {
        run(cargo(&["nextest", "run", "--workspace", "--no-fail-fast"])
            .env("SCHAKEL_BIN", &program)
            .env("SCHAKEL_PICTURES", &pictures)
            .envs(peers))?;
        run(cargo(&["test", "--workspace", "--doc"]).env("SCHAKEL_BIN", &program))
    } else {
        run(cargo(&["test", "--workspace"])
            .env("SCHAKEL_BIN", &program)
            .env("SCHAKEL_PICTURES", &pictures)
            .envs(peers))
    }
}

/// Where the development build of the program lies. Black box tests find it in `SCHAKEL_BIN`.
fn program_path() -> Outcome<String> {
    let metadata = metadata()?;
    let target = metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
    Ok(format!("{target}/debug/schakel{}", std::env::consts::EXE_SUFFIX))
}

fn install_needs() -> Outcome {
    let missing: Vec<&Need> = NEEDS.iter().filter(|need| !Path::new(need.program).exists()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|need| need.package).collect();
    if !(is_root()? && Path::new("/etc/debian_version").exists()) {
        for need in &missing {
            println!(
                "{} is not installed (apt-get install {}): {} will skip.",
                need.program, need.package, need.tests
            );
        }
        return Ok(());
    }
    for need in missing.iter().filter(|need| !need.preseed.is_empty()) {
        preseed(need.preseed)?;
    }
    run(command("apt-get", &["update", "-qq"]).env("DEBIAN_FRONTEND", "noninteractive"))?;
    let mut install = command("apt-get", &["install", "-y", "-qq", "--no-install-recommends"]);
    run(install.args(&packages).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root() -> Outcome<bool> {
    Ok(output(&mut command("id", &["-u"]))?.trim() == "0")
}

/// Hands debconf its answers through a file, which is simpler than a pipe.
fn preseed(answers: &str) -> Outcome {
    let file = std::env::temp_dir().join(format!("schakel-preseed-{}", std::process::id()));
    fs::write(&file, answers)?;
    let done = run(command("debconf-set-selections", &[]).arg(&file));
    fs::remove_file(&file)?;
    done
}
