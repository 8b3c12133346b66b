/* Run axe on the page, but measure the contrast of each look once: that alone is most of what axe costs.

   A look is everything that axe reads of a text and of what lies behind it: tag, class and style of the element and of
   each element around it. Texts of a look that passed before, here or on another page (`known`), are passed over, unless
   one sticks out of the ground that it stands on. What fails or cannot be told is never known. Answers the violations,
   and the looks that passed now. */
async ({ runOnly, known }) => {
  const READ = [
    "color", "backgroundColor", "backgroundImage", "backgroundClip", "opacity", "visibility", "fontSize", "fontWeight",
    "textShadow", "webkitTextStrokeColor", "webkitTextStrokeWidth", "textIndent", "position", "zIndex", "overflow",
    "clipPath", "filter", "mixBlendMode", "colorScheme",
  ];
  const TYPED = new Set(["input", "select", "textarea"]);
  const passed = new Set(known.split(" "));
  const fresh = new Set();
  const looks = new Map();

  const digest = (text) => {
    let high = 0x9e3779b9, low = 0x85ebca6b;
    for (let i = 0; i < text.length; i++) {
      const sign = text.charCodeAt(i);
      high = Math.imul(high ^ sign, 0x9e3779b1);
      low = Math.imul(low ^ sign, 0x5f356495);
    }
    high ^= low >>> 15;
    low ^= high >>> 13;
    return (high >>> 0).toString(36) + (low >>> 0).toString(36);
  };
  const look = (element) => {
    let found = looks.get(element);
    if (!found) {
      const style = getComputedStyle(element);
      const behind = element.parentElement ? look(element.parentElement) : { digest: "" };
      const own = READ.map((name) => style[name]).join("|");
      const hasGround = style.backgroundColor !== "rgba(0, 0, 0, 0)" || style.backgroundImage !== "none";
      found = {
        digest: digest(`${behind.digest} ${element.localName} ${element.getAttribute("class")} ${own}`),
        // What lies on the body lies on the whole canvas.
        ground: hasGround && element !== document.body && element.parentElement ? element : behind.ground,
      };
      looks.set(element, found);
    }
    return found;
  };
  const standsOn = (ground, element) => {
    if (!ground || ground === element) return true;
    const inner = element.getBoundingClientRect(), outer = ground.getBoundingClientRect();
    return inner.left >= outer.left - 1 && inner.right <= outer.right + 1
      && inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  };
  const hasText = (element) => TYPED.has(element.localName)
    || Array.prototype.some.call(element.childNodes, (node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  const rule = axe._audit.rules.find((one) => one.id === "color-contrast");
  const check = axe._audit.checks["color-contrast"];
  const { matches } = rule, { evaluate } = check;
  rule.matches = function (element, ...more) {
    if (!hasText(element)) return false;
    const { digest: name, ground } = look(element);
    return !(passed.has(name) && standsOn(ground, element)) && matches.call(this, element, ...more);
  };
  check.evaluate = function (element, ...more) {
    const answer = evaluate.call(this, element, ...more);
    if (answer === true && axe.commons.dom.isVisibleOnScreen(element)) fresh.add(look(element).digest);
    return answer;
  };
  try {
    // What passed is neither worked out nor sent. No rule of ours reads the style sheets that axe would take apart
    // first, and nobody here reads its selectors of what it found.
    const found = await axe.run({
      runOnly, resultTypes: ["violations"], preload: { assets: ["media"] }, selectors: false,
    });
    return { violations: found.violations, passed: [...fresh] };
  } finally {
    rule.matches = matches;
    check.evaluate = evaluate;
  }
}
