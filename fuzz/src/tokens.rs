//! Texts that are nearly JSON, a byte for each piece of it.

/// What readers of ids stumble over.
const TOKENS: [&str; 80] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    " ",
    "\n",
    "{}",
    "[]",
    "\"\"",
    "null",
    "true",
    "false",
    // Names, plain and in disguise.
    "\"awaitId\":",
    "\"\\u0061waitId\":",
    "\"await\\u0049d\" :",
    "\"awaitId\"",
    "\"id\":",
    "\"\\u0069d\":",
    "\"i\\u0064\": ",
    "\"method\":",
    "\"meth\\u006fd\":",
    "\"params\":",
    "\"result\":",
    "\"error\":",
    "\"jsonrpc\":\"2.0\"",
    "\"sessionId\":",
    "\"requestId\":",
    "\"request\\u0049d\":",
    "\"seq\":",
    "\"request_seq\":",
    "\"type\":",
    "\"command\":",
    "\"arguments\":",
    "\"body\":",
    "\"supportsCancelRequest\":",
    "\"\\/\":",
    "\"\\ud800\":",
    "\"\\ud83d\\ude00\":",
    // Values that are words of a protocol.
    "\"request\"",
    "\"response\"",
    "\"event\"",
    "\"cancel\"",
    "\"initialize\"",
    "\"$/cancelRequest\"",
    "\"notifications/cancelled\"",
    "\"$\\/cancelRequest\"",
    "\"a\"",
    "\"b\"",
    // Numbers.
    "0",
    "-0",
    "0.0",
    "-1",
    "1",
    "7",
    "7.0",
    "1e3",
    "1E+3",
    "-5",
    "0e9",
    "1e-400",
    "1e999",
    "01",
    "+1",
    "2147483647",
    "2147483648",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    // Strings.
    "\"_1\"",
    "\"7\"",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"\u{e9}\\n\"",
    "\"unfinished",
    "\\",
    "\u{1}",
    "/",
];

/// Deep enough for a reader that recurses to notice.
const DEEP: usize = 200;
/// Larger than any buffer for an id.
const HUGE: usize = 3000;
/// Bytes of a text, about: more only take longer.
const MOST: usize = 1 << 14;

/// The text that `bytes` stand for.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        if text.len() > MOST {
            break;
        }
        match (TOKENS.get(usize::from(*byte)), byte) {
            (Some(token), _) => text.push_str(token),
            (None, 250) => text.push_str(&"[".repeat(DEEP)),
            (None, 251) => text.push_str(&"]".repeat(DEEP)),
            (None, 252) => text.push_str(&"{\"a\":".repeat(DEEP)),
            (None, 253) => text.push_str(&"}".repeat(DEEP)),
            (None, 254) => text.push_str(&format!("\"{}\"", "x".repeat(HUGE))),
            (None, other) => text.push(char::from(*other % 128)),
        }
    }
    text
}
