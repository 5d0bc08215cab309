# SPDX-License-Identifier: ISC
"""Web servers for the tests."""

import http.server
import json
import ssl
import threading

import rig


class WebServer:
    """Faults on demand, and a list of what came; what it answers is its heir's.

    faults: taken one a request: a status to answer, "lose" (does it, and says nothing), "stall"."""

    def __init__(self, tls=None):
        self.faults, self.requests, self.seen = [], [], []
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with web.lock:
                    web.requests.append((self.path, json.loads(body)))
                    web.seen.append((self.command, dict(self.headers), body))
                    fault = web.faults.pop(0) if web.faults else None
                    if isinstance(fault, int):
                        status, text = fault, "as the test wants it"
                    elif fault == "stall":
                        status, text = None, ""
                    else:
                        status, text = web.answer(self.path, self.headers, json.loads(body))
                if fault == "stall":
                    web.stopping.wait(rig.PATIENCE)
                if fault in ("stall", "lose"):
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_PUT = do_POST

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.url = f"https://localhost:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *arguments):
        self.stopping.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def paths(self):
        return [path for path, _ in self.requests]
