// Speaks to the local workspace: JSON by HTTP, and changes as they happen by a WebSocket.

const LONGEST_WAIT_MS = 5000;

export async function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return read(await fetch(`/page/${path}?${new URLSearchParams(given)}`));
}

export async function post(path, body) {
  return read(
    await fetch(`/page/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Workspace": "1" },
      body: JSON.stringify(body),
    }),
  );
}

async function read(response) {
  if (!response.ok) throw new Error((await response.text()) || `the workspace answered ${response.status}`);
  return response.json();
}

// Calls *onevent* with every change that *user* may see, and *onopen* whenever the connection is
// there (again): what happened in between must then be read anew. Gives a function that ends it.
export function live(user, { onopen, onevent, onlost }) {
  let socket = null;
  let wait = 250;
  let timer = 0;
  let isOver = false;

  function open() {
    socket = new WebSocket(`ws://${location.host}/page/live?user=${encodeURIComponent(user)}`);
    socket.onopen = () => {
      wait = 250;
      onopen();
    };
    socket.onmessage = (message) => onevent(JSON.parse(message.data));
    socket.onclose = () => {
      if (isOver) return;
      onlost();
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    };
  }

  open();
  return () => {
    isOver = true;
    clearTimeout(timer);
    socket.close();
  };
}
