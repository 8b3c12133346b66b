"""How the mail catcher's pages look. Everything that came by mail is escaped."""

from html import escape

from portal.stack.mail_store import MailStore, Message

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 20%, transparent); }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } a { color: light-dark(#0b57d0, #8ab4f8); }
form { display: flex; gap: .5rem; margin: 1rem 0; align-items: end; } label { flex: 1; }
input { width: 100%; } input, button { font: inherit; padding: .45rem .7rem; border-radius: .4rem; }
input, button { border: 1px solid var(--line); min-height: 2.75rem; }
table { width: 100%; border-collapse: collapse; } th { text-align: start; }
td, th { padding: .55rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td:last-child { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
iframe { width: 100%; height: 36rem; border: 1px solid var(--line); border-radius: .4rem; background: #fff; }
pre { border: 1px solid var(--line); border-radius: .4rem; padding: 1rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
@media (max-width: 40rem) { td, th { display: block; border: 0; padding: .1rem 0; } thead { display: none; }
  tr { display: block; padding: .6rem 0; border-bottom: 1px solid var(--line); } }
"""


def whole_page(title: str, body: str) -> str:
    """A page around its content."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<title>{escape(title)} · Mail catcher</title><link rel="stylesheet" href="/style.css"></head>'
        f"<body><main>{body}</main></body></html>"
    )


def list_page(store: MailStore, recipient: str) -> str:
    """The list of messages to a recipient (to all, if it is empty) under its search form."""
    rows = "".join(
        f'<tr><td><a href="/messages/{line.id}">{escape(line.subject or "(no subject)")}</a></td>'
        f"<td>{escape(', '.join(line.recipients))}</td>"
        f'<td><time datetime="{line.received_at.isoformat()}">{line.received_at:%Y-%m-%d %H:%M:%S} UTC</time></td></tr>'
        for line in store.search(recipient)
    )
    table = f"<table><thead><tr><th>Subject</th><th>To</th><th>Received</th></tr></thead><tbody>{rows}</tbody></table>"
    nothing = "<p>No mail to this address yet.</p>" if recipient else "<p>No mail yet.</p>"
    return (
        "<h1>Mail catcher</h1><p>Mail the portal has sent. Nothing leaves this machine.</p>"
        f'<form role="search"><label>Recipient<input name="to" type="search" value="{escape(recipient)}"></label>'
        f"<button>Search</button></form>{table if rows else nothing}"
    )


def message_page(message: Message) -> str:
    """One message: its facts, attachments and bodies."""
    line, base = message.summary, f"/messages/{message.summary.id}"
    facts = {
        "From": line.sender,
        "To": ", ".join(line.recipients),
        "Received": f"{line.received_at:%Y-%m-%d %H:%M:%S} UTC",
    }
    details = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    files = "".join(
        f'<li><a href="{base}/files/{number}">{escape(file.filename)}</a> ({len(file.content):,} bytes)</li>'
        for number, file in enumerate(message.attachments)
    )
    body = f'<p><a href="/">All mail</a></p><h1>{escape(line.subject or "(no subject)")}</h1><dl>{details}</dl>'
    if files:
        body += f"<h2>Attachments</h2><ul>{files}</ul>"
    if message.html is not None:
        body += f'<h2>Message</h2><iframe sandbox title="The message as HTML" src="{base}/html"></iframe>'
    if message.text is not None:
        body += f"<h2>Text</h2><pre>{escape(message.text)}</pre>"
    return f'{body}<p><a href="{base}/raw">Source</a></p>'
