// The client of the local workspace's server: requests over HTTP, live events over a WebSocket.

const MAX_RECONNECT_MS = 5000;

export function get(path, query = {}) {
  const parameters = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return request(`${path}?${new URLSearchParams(parameters)}`);
}

export function post(path, body) {
  return request(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Workspace": "1" },
    body: JSON.stringify(body),
  });
}

async function request(path, options = {}) {
  const response = await fetch(`/page/${path}`, options).catch(() => {
    throw new Error("The workspace does not answer. If it was stopped, start it again, and then try this again.");
  });
  if (!response.ok) throw new Error((await response.text()) || `the workspace answered ${response.status}`);
  return response.json();
}

// Calls *onevent* for every event that *user* may see. Reconnects when the connection is lost
// (*onlost*). Events during the gap are missed, so *onopen* must reload what is shown. Returns a
// function that closes the connection.
export function subscribe(user, { onopen, onevent, onlost }) {
  let socket = null;
  let delay = 250;
  let timer = 0;
  let isClosed = false;

  function open() {
    socket = new WebSocket(`ws://${location.host}/page/live?user=${encodeURIComponent(user)}`);
    socket.onopen = () => {
      delay = 250;
      onopen();
    };
    socket.onmessage = (message) => onevent(JSON.parse(message.data));
    socket.onclose = () => {
      if (isClosed) return;
      onlost();
      timer = setTimeout(open, delay);
      delay = Math.min(delay * 2, MAX_RECONNECT_MS);
    };
  }

  open();
  return () => {
    isClosed = true;
    clearTimeout(timer);
    socket.close();
  };
}
