const reader = document.getElementById("reader");
Redoc.init(reader.dataset.document, { hideDownloadButtons: false, theme: { typography: { fontFamily: "system-ui, sans-serif", headings: { fontFamily: "system-ui, sans-serif" } } } }, reader);
