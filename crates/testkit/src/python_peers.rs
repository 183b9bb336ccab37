//! Peers written in Python, as they come from PyPI: bots of IntelMQ, and a client of tus. They need a Python that has them:
//!
//! ```sh
//! python3 -m venv /tmp/peers && /tmp/peers/bin/pip install intelmq tuspy
//! export SCHAKEL_PEERS_PYTHON=/tmp/peers/bin/python
//! ```

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
};

const INTELMQ: &str = "\
import json, sys
from intelmq.lib.bot import BotLibSettings
from intelmq.bots.outputs.restapi.output import RestAPIOutputBot
url, token, kind = sys.argv[1:4]
bot = RestAPIOutputBot('output', settings=BotLibSettings | {
    'host': url, 'auth_type': 'http_header', 'auth_token_name': 'Authorization', 'auth_token': 'Bearer ' + token,
    'use_json': True, 'hierarchical_output': kind == 'hierarchical'})
bot.process_message(dict(json.loads(sys.argv[4]), __type='Event'))
";

const TUS: &str = "\
import sys
from tusclient.client import TusClient
url, token, path, name = sys.argv[1:5]
uploader = TusClient(url, headers={'Authorization': 'Bearer ' + token}).uploader(
    path, chunk_size=1 << 20, metadata={'filename': name}, upload_checksum=True)
uploader.upload()
print(uploader.request.response_headers['schakel-receipt'])
";

const TUENCY: &str = "\
import json, sys
from intelmq.lib.bot import BotLibSettings
from intelmq.bots.experts.tuency.expert import TuencyExpertBot
url, token = sys.argv[1:3]
bot = TuencyExpertBot('expert', settings=BotLibSettings | {'url': url, 'authentication_token': token, 'overwrite': True})
sent = bot.process_message(dict(json.loads(sys.argv[3]), __type='Event'))
print('EVENT', json.dumps({str(key): value for key, value in sent['output'][0].items()}))
";

const N6: &str = "\
import base64, json, sys
from intelmq.lib.bot import BotLibSettings
from intelmq.bots.parsers.n6.parser_n6stomp import N6StompParserBot
bot = N6StompParserBot('parser', settings=BotLibSettings | {})
raw = base64.b64encode(sys.argv[2].encode()).decode()
sent = bot.process_message({'__type': 'Report', 'raw': raw, 'feed.name': 'n6'})
print('EVENT', json.dumps({str(key): value for key, value in sent['output'][0].items()}))
";

/// Has IntelMQ's bot for tuency ask a URL of this machine about an event, and gives the event as it leaves the bot. `None` when there is none here,
/// which is said.
pub fn intelmq_tuency(folder: &Path, url: &str, token: &str, event: &str) -> Option<String> {
    run(folder, TUENCY, &[url, token, event]).map(|said| given(&said))
}

/// Has IntelMQ's parser for n6 read an event. `None` when there is none here, which is said.
pub fn intelmq_n6(folder: &Path, url: &str, event: &str) -> Option<String> {
    run(folder, N6, &[url, event]).map(|said| given(&said))
}

/// The event that a bot gave, among all that it says of itself.
fn given(said: &str) -> String {
    said.lines().find_map(|line| line.strip_prefix("EVENT ")).unwrap_or_default().to_owned()
}

/// Has IntelMQ 3 send an event to a URL of this machine, `flat` or `hierarchical`. `false` when there is none here, which is said.
pub fn intelmq(folder: &Path, url: &str, token: &str, kind: &str, event: &str) -> bool {
    run(folder, INTELMQ, &[url, token, kind, event]).is_some()
}

/// Has tuspy upload a file to a URL of this machine, in pieces of a MiB. Gives the receipt; `None` when there is none here, which is said.
pub fn tus(folder: &Path, url: &str, token: &str, path: &str, name: &str) -> Option<String> {
    run(folder, TUS, &[url, token, path, name]).map(|said| said.trim().to_owned())
}

/// Runs a script with a Python that has the peers; it must end well.
fn run(folder: &Path, script: &str, arguments: &[&str]) -> Option<String> {
    assert!(arguments[0].starts_with("http://127.0.0.1:"), "{arguments:?} leaves this machine");
    let Some(python) = env::var_os("SCHAKEL_PEERS_PYTHON") else {
        eprintln!("skipped: SCHAKEL_PEERS_PYTHON names no Python with intelmq and tuspy");
        return None;
    };
    // IntelMQ wants a configuration, even when there is nothing in it.
    fs::create_dir_all(folder.join("etc")).expect("a folder can be made");
    fs::write(folder.join("etc/runtime.yaml"), "global: {}\n").expect("a file can be written");
    let output = Command::new(python)
        .arg("-c")
        .arg(script)
        .args(arguments)
        .env("INTELMQ_ROOT_DIR", folder)
        .stdin(Stdio::null())
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}
